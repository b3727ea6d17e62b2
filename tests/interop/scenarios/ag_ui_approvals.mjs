// AG-UI's own agent, its verifier on: a run is interrupted, resumed with answers, the client runs what was allowed.
import { HttpAgent } from '@ag-ui/client';
import { EventSchemas } from '@ag-ui/core/schemas';

const given = JSON.parse(process.argv[2]);
const complaints = [];
for (const level of ['warn', 'error']) console[level] = (...words) => complaints.push(words.join(' '));
const legs = [];

async function tapped(url, init) {
  const response = await fetch(url, init);
  const text = await response.text();
  const leg = text.split('\n\n').filter((each) => each.startsWith('data: ')).map((each) => JSON.parse(each.slice(6)));
  legs.push(leg);
  for (const event of leg) {
    const checked = EventSchemas.safeParse(event);
    if (!checked.success) complaints.push(`${event.type}: ${checked.error}`);
  }
  return new Response(text, { status: response.status, headers: response.headers });
}

const agent = new HttpAgent({
  url: `${given.url}/api/ag-ui/${given.agent}`,
  headers: { Authorization: `Bearer ${given.key}` },
  threadId: 'asked',
  fetch: tapped,
});
const outcome = () => legs.at(-1).at(-1).outcome;

agent.addMessage({ id: 'u1', role: 'user', content: 'Rome and Oslo' });
await agent.runAgent();
const { interrupts } = outcome();
let unanswered;
await agent.runAgent().catch((error) => (unanswered = error.message));
const [rome, oslo] = interrupts;
await agent.runAgent({
  resume: [
    { interruptId: rome.id, status: 'resolved', payload: { approved: true, editedArgs: { city: 'Nice' } } },
    { interruptId: oslo.id, status: 'resolved', payload: { approved: false, reason: 'Too cold.' } },
  ],
});
const pending = outcome().pendingToolCallIds;
agent.addMessage({ id: 'r1', role: 'tool', toolCallId: pending[0], content: '{"degrees":21}' });
await agent.runAgent();
const result = { interrupts, unanswered, pending, messages: agent.messages, last: outcome() };
process.stdout.write(JSON.stringify({ result, legs, complaints }));
