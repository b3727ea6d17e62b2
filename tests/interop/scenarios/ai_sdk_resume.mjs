// A page that is reloaded in mid-stream, and one that is reloaded while a person is asked.
import { copy, finish, openChat, stopOnServer, stored, until } from './ai_sdk.mjs';

const { chat: fresh } = openChat('nobody-spoke');
await fresh.resumeStream();
const idle = { status: fresh.status, messages: copy(fresh.messages) };

const { chat: first } = openChat('resumed');
const sent = first.sendMessage({ text: 'A long story' });
await until(() => first.lastMessage?.parts.some((part) => part.text?.startsWith('Once ')));
await first.stop();
await sent;

const loaded = await stored('resumed');
const { chat: second } = openChat('resumed', { messages: loaded });
await second.resumeStream();
const resumed = { messages: copy(second.messages), loaded: copy(loaded), reloaded: await stored('resumed') };

await second.sendMessage({ text: 'Ask me' });
const { chat: third } = openChat('resumed', { messages: await stored('resumed') });
await third.resumeStream();
const part = third.lastMessage.parts.find((each) => each.type === 'tool-ask-user');
await third.addToolOutput({ tool: 'ask-user', toolCallId: part.toolCallId, output: 'yes' });
await until(() => third.status === 'ready' && third.lastMessage.parts.some((each) => each.text === 'Then yes.'));
const answered = { messages: copy(third.messages), reloaded: await stored('resumed') };
await third.resumeStream();
const status = third.status;

const { chat: fourth, log } = openChat('stopped');
const long = fourth.sendMessage({ text: 'Another long story' });
await until(() => fourth.lastMessage?.parts.some((each) => each.text?.startsWith('Well')));
await stopOnServer('stopped');
await long;
const stopped = { log, status: fourth.status, messages: copy(fourth.messages) };
await finish({ idle, resumed, answered, status, stopped });
