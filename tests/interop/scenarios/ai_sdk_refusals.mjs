// What a chat of the AI SDK is told when the server refuses.
import { finish, openChat } from './ai_sdk.mjs';

const told = {};
for (const [name, more, message] of [
  ['key', { key: 'wrong' }, { text: 'Hi' }],
  ['trigger', { body: { triggerName: 'nothing' } }, { text: 'Hi' }],
  ['files', {}, { text: 'Hi', files: [{ type: 'file', mediaType: 'image/png', url: 'https://example.org/a.png' }] }],
]) {
  const { chat } = openChat(`refused-${name}`, more);
  await chat.sendMessage(message);
  told[name] = { status: chat.status, ...JSON.parse(chat.error.message) };
}
await finish(told);
