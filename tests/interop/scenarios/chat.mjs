// A browser's chat over a backend: text, automatic and interactive client tools, an error, a stop, a reload.
import { serveSession } from './backend.mjs';
import { once, openChat, write } from './browser.mjs';
import { play } from './play.mjs';

await play(async ({ given, client }) => {
  const sessionId = await client.agentSessions.create(given.agent);
  const backend = await serveSession(client, sessionId, { 'get-weather': async () => ({ degrees: 21 }) });
  const clientTools = { 'get-time': async () => 'noon', 'ask-user': 'interactive' };
  const { chat, log } = openChat(backend.url, { clientTools });
  const statuses = [];
  chat.subscribe(() => statuses.at(-1) === chat.status || statuses.push(chat.status));
  const copy = () => JSON.parse(JSON.stringify(chat.messages));

  await write(chat, 'Hello');
  const plain = { messages: copy(), status: chat.status };

  const sent = write(chat, 'Weather, time, and ask me');
  await once(chat, () => chat.status === 'awaiting-input');
  await sent;
  const pending = chat.pendingClientTools['ask-user'].map(({ toolName, args }) => ({ toolName, args }));
  chat.pendingClientTools['ask-user'][0].submit({ answer: 42 });
  await once(chat, () => chat.status === 'idle');
  const tools = { messages: copy(), pending };

  await write(chat, 'Fail');
  const failed = { status: chat.status, messages: copy() };

  const long = write(chat, 'A long story');
  await once(chat, () => chat.messages.at(-1).parts.some((part) => part.text?.startsWith('Once')));
  chat.stop();
  await long;
  const stopped = { status: chat.status, messages: copy() };

  await write(chat, 'The end?');
  const last = { status: chat.status, messages: copy() };
  backend.close();
  const reloaded = (await client.agentSessions.getMessages(sessionId)).messages;
  return { plain, tools, failed, stopped, last, log, statuses, reloaded };
});
