// A chat of the AI SDK, straight to the server: the transport as it is, every chunk held against the SDK's own schema.
import { Chat } from '@ai-sdk/react';
import {
  DefaultChatTransport,
  asSchema,
  lastAssistantMessageIsCompleteWithToolCalls,
  uiMessageChunkSchema,
  validateUIMessages,
} from 'ai';

const schema = asSchema(uiMessageChunkSchema);
export const given = JSON.parse(process.argv[2]);

/** Every stream that was read, in order: {path, method, status, events, refused, ended, headers}. */
export const legs = [];

async function note(leg, frame) {
  if (frame.startsWith(':') || frame === 'data: [DONE]') return;
  if (!frame.startsWith('data: ') || frame.includes('\n')) leg.refused.push(frame);
  const event = JSON.parse(frame.slice(6));
  leg.events.push(event);
  const checked = await schema.validate(event);
  if (!checked.success) leg.refused.push({ event, why: String(checked.error) });
}

async function tap(leg, body) {
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for await (const chunk of body) {
      const frames = (rest + decoder.decode(chunk, { stream: true })).split('\n\n');
      rest = frames.pop();
      for (const frame of frames) await note(leg, frame);
    }
    leg.ended = rest === '';
  } catch {
    leg.ended = false;
  }
}

async function tappedFetch(input, init) {
  const response = await fetch(input, init);
  const { pathname } = new URL(input);
  const leg = { path: pathname, method: init.method, status: response.status, events: [], refused: [] };
  leg.headers = Object.fromEntries(response.headers);
  legs.push(leg);
  if (!response.body || !response.ok) return response;
  const [ours, theirs] = response.body.tee();
  leg.read = tap(leg, ours);
  return new Response(theirs, response);
}

/** A chat called `id`. `more`: of what `useChat` takes. */
export function openChat(id, { query = '', body, key = given.key, ...more } = {}) {
  const log = [];
  const chat = new Chat({
    id,
    transport: new DefaultChatTransport({
      api: `${given.url}/api/chat/${given.agent}${query}`,
      headers: { authorization: `Bearer ${key}` },
      fetch: tappedFetch,
      body,
    }),
    sendAutomaticallyWhen: lastAssistantMessageIsCompleteWithToolCalls,
    onError: (error) => log.push({ error: error.message }),
    onData: (part) => log.push({ data: part.type }),
    onFinish: ({ finishReason, isAbort, isError }) => log.push({ finishReason, isAbort, isError }),
    ...more,
  });
  return { chat, log };
}

/** Resolves when `holds()` does. */
export async function until(holds) {
  for (let tries = 0; tries < 1500; tries += 1) {
    if (holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error('it never came');
}

/** The messages that the server keeps of a chat: as a page loads them. */
export async function stored(id) {
  const headers = { authorization: `Bearer ${given.key}` };
  const response = await fetch(`${given.url}/api/chat/${given.agent}/${id}/messages`, { headers });
  const { messages } = await response.json();
  return messages.length ? validateUIMessages({ messages }) : messages;
}

/** Stops the turn of a chat, whoever reads it. */
export async function stopOnServer(id) {
  const headers = { authorization: `Bearer ${given.key}` };
  await fetch(`${given.url}/api/chat/${given.agent}/${id}/stop`, { method: 'POST', headers });
}

export const copy = (value) => JSON.parse(JSON.stringify(value));

/** Prints `{result, legs}`. */
export async function finish(result) {
  await Promise.all(legs.map((leg) => leg.read));
  legs.forEach((leg) => delete leg.read);
  process.stdout.write(JSON.stringify({ result, legs }));
}
