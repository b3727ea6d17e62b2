// What a browser holds: an OctavusChat over the HTTP transport to a backend.
import { OctavusChat, createHttpTransport } from '@octavus/client-sdk';
import { told } from './play.mjs';

/** A chat that talks to `url`, and a log of its callbacks. */
export function openChat(url, more = {}) {
  const log = [];
  const transport = createHttpTransport({
    request: (payload, options) =>
      fetch(url, { method: 'POST', body: JSON.stringify(payload), signal: options?.signal }),
  });
  const chat = new OctavusChat({
    transport,
    onFinish: () => log.push('finish'),
    onStop: () => log.push('stop'),
    onError: (error) => log.push(told(error)),
    onResourceUpdate: (name, value) => log.push({ name, value }),
    ...more,
  });
  return { chat, log };
}

/** Resolves when `holds()` does, looked at whenever the chat changes. */
export function once(chat, holds) {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`the chat stays ${chat.status}`)), 15_000);
    const look = () => {
      if (!holds()) return;
      clearTimeout(late);
      stop();
      resolve();
    };
    const stop = chat.subscribe(look);
    look();
  });
}

/** Sends a text the way a chat window does. */
export function write(chat, text) {
  return chat.send('user-message', { USER_MESSAGE: text }, { userMessage: { content: text } });
}
