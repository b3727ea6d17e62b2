// A structured answer, as a browser and as a page rendered on the server see it.
import { useOctavusChat } from '@octavus/react';
import { createElement } from 'react';
import { renderToString } from 'react-dom/server';
import { serveSession } from './backend.mjs';
import { openChat, write } from './browser.mjs';
import { play } from './play.mjs';

function Page({ transport, initialMessages }) {
  const { messages, status } = useOctavusChat({ transport, initialMessages });
  const parts = messages.flatMap((message) => message.parts);
  return createElement('main', null, `${status} ${parts.map((part) => part.object?.label ?? part.text).join(' ')}`);
}

await play(async ({ given, client }) => {
  const sessionId = await client.agentSessions.create(given.agent);
  const backend = await serveSession(client, sessionId, {});
  const { chat } = openChat(backend.url);
  const partials = [];
  chat.subscribe(() => {
    const part = chat.messages.at(-1)?.parts.find((each) => each.type === 'object');
    if (part?.partial !== undefined) partials.push(part.partial);
  });
  await write(chat, 'Judge me');
  backend.close();
  const reloaded = (await client.agentSessions.getMessages(sessionId)).messages;
  const transport = { trigger: async function* () {}, stop: () => undefined };
  const page = renderToString(createElement(Page, { transport, initialMessages: reloaded }));
  return { messages: chat.messages, status: chat.status, partials, reloaded, page };
});
