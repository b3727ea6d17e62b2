// `useChat`'s own chat: a person allows a call and denies another, then the client runs what was allowed; a reload asks again.
import { lastAssistantMessageIsCompleteWithApprovalResponses, lastAssistantMessageIsCompleteWithToolCalls } from 'ai';
import { copy, finish, openChat, stored, until } from './ai_sdk.mjs';

const ran = [];
let chat;
const automatic = (state) =>
  lastAssistantMessageIsCompleteWithApprovalResponses(state) || lastAssistantMessageIsCompleteWithToolCalls(state);
const onToolCall = ({ toolCall }) => {
  ran.push([toolCall.toolName, toolCall.input]);
  chat.addToolOutput({ tool: toolCall.toolName, toolCallId: toolCall.toolCallId, output: { degrees: 21 } });
};
const more = { sendAutomaticallyWhen: automatic, onToolCall };
const waiting = () => chat.lastMessage?.parts.filter((part) => part.state === 'approval-requested') ?? [];
const saidLast = (text) => () => chat.status === 'ready' && chat.lastMessage.parts.at(-1)?.text === text;

({ chat } = openChat('asked', more));
await chat.sendMessage({ text: 'Rome and Oslo' });
const asked = { parts: copy(waiting()), ran: [...ran], stored: await stored('asked') };

// The page is reloaded: the answers are given by another chat than the one that was asked.
({ chat } = openChat('asked', { ...more, messages: await stored('asked') }));
await chat.resumeStream();
const again = copy(waiting());
const [rome, oslo] = waiting();
await chat.addToolApprovalResponse({ id: rome.approval.id, approved: true });
const unsent = chat.status;
await chat.addToolApprovalResponse({ id: oslo.approval.id, approved: false, reason: 'Too cold.' });
await until(saidLast('Warm, and not.'));
const answered = { ran, messages: copy(chat.messages), stored: await stored('asked'), unsent };

await chat.sendMessage({ text: 'Bergen' });
const [bergen] = waiting();
const options = { body: { approvalInputs: { [bergen.approval.id]: { city: 'Nice' } } } };
await chat.addToolApprovalResponse({ id: bergen.approval.id, approved: true, options });
await until(saidLast('Nice.'));
await finish({ asked, again, answered, edited: { ran, messages: copy(chat.messages) } });
