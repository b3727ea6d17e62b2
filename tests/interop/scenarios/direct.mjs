// A browser's chat with nothing between it and the server: an ephemeral token, over HTTP or over a WebSocket.
import { OctavusChat, createHttpTransport, createSocketTransport } from '@octavus/client-sdk';
import { once, write } from './browser.mjs';
import { play, told } from './play.mjs';

const withToken = (token) => ({ authorization: `Bearer ${token}`, 'content-type': 'application/json' });

function overHttp({ url, token, session }) {
  return createHttpTransport({
    request: (payload, options) =>
      fetch(`${url}/api/agent-sessions/${session}/trigger?clientTools=direct`, {
        method: 'POST',
        headers: withToken(token),
        body: JSON.stringify(payload),
        signal: options?.signal,
      }),
  });
}

function overSocket({ url, token, session }) {
  return createSocketTransport({
    connect: () =>
      new Promise((resolve, reject) => {
        const address = `${url.replace('http', 'ws')}/api/agent-sessions/${session}/socket`;
        const socket = new WebSocket(address, ['mainspring', `bearer.${token}`]);
        socket.onopen = () => resolve(socket);
        socket.onerror = () => reject(new Error('Connection failed'));
      }),
  });
}

await play(async ({ given }) => {
  const transport = given.wire === 'socket' ? overSocket(given) : overHttp(given);
  const log = [];
  const clientTools = { 'get-weather': async () => ({ degrees: 21 }), 'ask-user': 'interactive' };
  const chat = new OctavusChat({ transport, clientTools, onError: (error) => log.push(told(error)) });
  const copy = () => JSON.parse(JSON.stringify(chat.messages));

  await write(chat, 'Hello');
  const plain = { status: chat.status, messages: copy() };

  const sent = write(chat, 'Weather, and ask me');
  await once(chat, () => chat.status === 'awaiting-input');
  await sent;
  chat.pendingClientTools['ask-user'][0].submit({ answer: 42 });
  await once(chat, () => chat.status === 'idle');
  const tools = { status: chat.status, messages: copy() };

  const long = write(chat, 'A long story');
  await once(chat, () => chat.messages.at(-1).parts.some((part) => part.text?.startsWith('Once')));
  chat.stop();
  await long;
  const stopped = { status: chat.status };

  await write(chat, 'The end?');
  const last = { status: chat.status, messages: copy() };
  if (given.wire === 'socket') transport.disconnect();

  const shown = `${given.url}/api/agent-sessions/${given.session}?format=ui`;
  const reloaded = await (await fetch(shown, { headers: withToken(given.token) })).json();
  const foreign = await fetch(`${given.url}/api/agents`, { headers: withToken(given.token) });
  return { plain, tools, stopped, last, log, reloaded: reloaded.messages, foreign: foreign.status };
});
