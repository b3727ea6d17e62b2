// Text, client tools (run at once, and by a person), a failure, a message said again, a stop, and the messages after all.
import { copy, finish, openChat, stored, until } from './ai_sdk.mjs';

const calls = [];
const { chat, log } = openChat('talk', {
  query: '?leaving=stop',
  body: { input: { COMPANY: 'Springs & Co' } },
  onToolCall: ({ toolCall }) => {
    calls.push([toolCall.toolName, toolCall.input]);
    if (toolCall.toolName === 'ask-user') return;
    const answer = { tool: toolCall.toolName, toolCallId: toolCall.toolCallId };
    if (toolCall.toolName === 'get-time') {
      chat.addToolOutput({ ...answer, state: 'output-error', errorText: 'no clock' });
    } else {
      chat.addToolOutput({ ...answer, output: { degrees: 21 } });
    }
  },
});
const open = () =>
  chat.lastMessage?.parts.find((part) => part.type === 'tool-ask-user' && part.state === 'input-available');

await chat.sendMessage({ text: 'Hello' });
const plain = { messages: copy(chat.messages), status: chat.status };

await chat.sendMessage({ text: 'Weather, time, and ask me' });
const asked = { status: chat.status, part: copy(open()) };
await chat.addToolOutput({ tool: 'ask-user', toolCallId: open().toolCallId, output: 'forty-two' });
await until(() => chat.status === 'ready' && chat.lastMessage.parts.at(-1).text === 'It is warm.');
const tools = { messages: copy(chat.messages), reloaded: await stored('talk') };

await chat.sendMessage({ text: 'Fail' });
const failed = { status: chat.status, error: chat.error.message };

await chat.sendMessage({ text: 'Say something' });
await chat.regenerate();
const again = copy(chat.messages.slice(-2));

const long = chat.sendMessage({ text: 'A long story' });
await until(() => chat.lastMessage.parts.some((part) => part.text?.startsWith('Once')));
await chat.stop();
await long;
const stopped = { status: chat.status };

await chat.sendMessage({ text: 'The end?' });
const last = copy(chat.lastMessage);
await finish({ plain, asked, tools, failed, again, stopped, last, log, calls, reloaded: await stored('talk') });
