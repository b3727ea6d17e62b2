// A page as an application would have it: `useChat` with a tool of the browser, approvals, a stop, and a resume on load.
import { useChat } from '@ai-sdk/react';
import {
  DefaultChatTransport,
  lastAssistantMessageIsCompleteWithApprovalResponses,
  lastAssistantMessageIsCompleteWithToolCalls,
} from 'ai';
import { createRoot } from 'react-dom/client';

const [, agent, id] = location.pathname.split('/');
const api = `/api/chat/${agent}`;
const transport = new DefaultChatTransport({ api });
window.ran = [];
window.errors = [];

function Part({ part, answer }) {
  if (part.type === 'text') return <p data-text>{part.text}</p>;
  if (part.state !== 'approval-requested') {
    return part.type.startsWith('tool-') ? <code data-state={part.state}>{part.type}</code> : null;
  }
  const say = (approved) => answer({ id: part.approval.id, approved, reason: approved ? undefined : 'Not today.' });
  return (
    <fieldset data-asked>
      <legend>{part.input.city}</legend>
      <button onClick={() => say(true)}>Allow</button>
      <button onClick={() => say(false)}>Deny</button>
    </fieldset>
  );
}

function Page({ loaded }) {
  const { messages, sendMessage, status, addToolOutput, addToolApprovalResponse, resumeStream } = useChat({
    id,
    messages: loaded,
    transport,
    resume: true,
    onError: (error) => window.errors.push(String(error)),
    sendAutomaticallyWhen: (state) =>
      lastAssistantMessageIsCompleteWithApprovalResponses(state) ||
      lastAssistantMessageIsCompleteWithToolCalls(state),
    onToolCall: ({ toolCall }) => {
      window.ran.push([toolCall.toolName, toolCall.input]);
      const output = { degrees: 21, by: navigator.userAgent.includes('Chrome') };
      addToolOutput({ tool: toolCall.toolName, toolCallId: toolCall.toolCallId, output });
    },
  });
  const submit = (event) => {
    event.preventDefault();
    sendMessage({ text: event.target.elements.said.value });
    event.target.reset();
  };
  return (
    <main data-status={status}>
      {messages.map((message) => (
        <article key={message.id} data-role={message.role}>
          {message.parts.map((part, index) => (
            <Part key={index} part={part} answer={addToolApprovalResponse} />
          ))}
        </article>
      ))}
      <form onSubmit={submit}>
        <input name="said" aria-label="Say" />
        <button>Send</button>
      </form>
      <button onClick={() => fetch(`${api}/${id}/stop`, { method: 'POST' })}>Stop</button>
    </main>
  );
}

const { messages } = await (await fetch(`${api}/${id}/messages`)).json();
createRoot(document.querySelector('#root')).render(<Page loaded={messages} />);
