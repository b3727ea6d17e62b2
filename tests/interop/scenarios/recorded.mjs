// Streams as they are recorded in files, read by the real clients: `{aiSdk: [path], agUi: [path]}`.
import { readFile } from 'node:fs/promises';
import { HttpAgent } from '@ag-ui/client';
import { EventSchemas } from '@ag-ui/core/schemas';
import { Chat } from '@ai-sdk/react';
import { DefaultChatTransport, asSchema, uiMessageChunkSchema, validateUIMessages } from 'ai';

const given = JSON.parse(process.argv[2]);
const complaints = [];
for (const level of ['warn', 'error']) console[level] = (...words) => complaints.push(words.join(' '));
const chunks = asSchema(uiMessageChunkSchema);

function answer(text) {
  return new Response(text, { headers: { 'content-type': 'text/event-stream' } });
}

async function check(text, validate) {
  for (const frame of text.split('\n\n').filter((each) => each.startsWith('data: {'))) {
    const wrong = await validate(JSON.parse(frame.slice(6)));
    if (wrong) complaints.push(`${frame}: ${wrong}`);
  }
}

const result = { aiSdk: [], agUi: [] };
for (const path of given.aiSdk) {
  const text = await readFile(path, 'utf8');
  await check(text, async (chunk) => {
    const checked = await chunks.validate(chunk);
    return checked.success ? undefined : checked.error;
  });
  const called = [];
  const chat = new Chat({
    transport: new DefaultChatTransport({ api: 'http://recorded/', fetch: async () => answer(text) }),
    onToolCall: ({ toolCall }) => called.push(toolCall.toolCallId),
    onError: (error) => complaints.push(`${path}: ${error.message}`),
  });
  await chat.sendMessage({ text: 'Play' });
  await validateUIMessages({ messages: chat.messages });
  result.aiSdk.push({ parts: chat.lastMessage.parts, called, status: chat.status });
}
for (const path of given.agUi) {
  const text = await readFile(path, 'utf8');
  await check(text, (event) => EventSchemas.safeParse(event).error);
  const agent = new HttpAgent({ url: 'http://recorded/', threadId: 't1', fetch: async () => answer(text) });
  await agent.runAgent({ runId: 'r1' }).catch((error) => complaints.push(`${path}: ${error.message}`));
  result.agUi.push({ messages: agent.messages, state: agent.state });
}
process.stdout.write(JSON.stringify({ result, complaints }));
