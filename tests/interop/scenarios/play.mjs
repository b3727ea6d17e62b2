// Runs one scenario against a server and prints what came of it, with every stream as it went over the wire.
import { safeParseStreamEvent } from '@octavus/core';
import { OctavusClient } from '@octavus/server-sdk';

/** Every event stream the SDK read, in order: {path, request, status, events, dropped, done, ended}. */
export const legs = [];

const realFetch = globalThis.fetch;

/** Reads the lines of a body as they pass, the way the SDKs read them. */
function lineReader(onLine, onEnd) {
  const decoder = new TextDecoder();
  let rest = '';
  return new TransformStream({
    transform(chunk, controller) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
      rest = lines.pop();
      lines.forEach(onLine);
      controller.enqueue(chunk);
    },
    flush: () => onEnd(rest),
  });
}

function noteLine(leg, line) {
  if (line === 'data: [DONE]') {
    leg.done = true;
  } else if (line.startsWith('data: ')) {
    const event = JSON.parse(line.slice(6));
    leg.events.push(event);
    const parsed = safeParseStreamEvent(event);
    if (!parsed.success) leg.dropped.push({ event, issues: parsed.error.issues });
  } else if (line !== '' && !line.startsWith(':') && !line.startsWith('id: ')) {
    leg.dropped.push({ line });
  }
}

async function tappedFetch(input, init) {
  const response = await realFetch(input, init);
  if (!response.headers.get('content-type')?.includes('text/event-stream')) return response;
  const leg = { path: new URL(input).pathname, status: response.status, events: [], dropped: [] };
  leg.done = false;
  leg.ended = false;
  leg.request = init?.body ? JSON.parse(init.body) : {};
  leg.headers = Object.fromEntries(response.headers);
  legs.push(leg);
  const onEnd = (rest) => {
    leg.ended = true;
    if (rest !== '') leg.dropped.push({ line: rest });
  };
  const body = response.body.pipeThrough(lineReader((line) => noteLine(leg, line), onEnd));
  const { status, statusText, headers } = response;
  return new Response(body, { status, statusText, headers });
}

/** What an error says, as plain JSON. */
export function told(error) {
  const { name, message, status, code, errorType, retryable, source } = error;
  return { name, message, status, code, errorType, retryable, source };
}

/** Calls `act` and returns its error; fails if there is none. */
export async function failure(act) {
  try {
    await act();
  } catch (error) {
    return told(error);
  }
  throw new Error('expected a failure');
}

/** Every event of a stream. */
export async function all(events) {
  const seen = [];
  for await (const event of events) seen.push(event);
  return seen;
}

/** A text turn of a session. */
export function say(session, text, options) {
  const request = { type: 'trigger', triggerName: 'user-message', input: { USER_MESSAGE: text } };
  return session.execute(request, options);
}

/** Runs `scenario({given, client})`, `given` being the JSON of the first argument, and prints `{result, legs}`. */
export async function play(scenario) {
  const given = JSON.parse(process.argv[2]);
  globalThis.fetch = (input, init) =>
    String(input).startsWith(given.url) ? tappedFetch(input, init) : realFetch(input, init);
  const client = new OctavusClient({ baseUrl: given.url, apiKey: given.key });
  const result = await scenario({ given, client });
  process.stdout.write(JSON.stringify({ result, legs }));
}
