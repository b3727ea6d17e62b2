// An agent of AG-UI over HTTP, its verifier on: a talk, tools of the client, a failure, an abort, a return.
import { HttpAgent } from '@ag-ui/client';
import { EventSchemas } from '@ag-ui/core/schemas';

const given = JSON.parse(process.argv[2]);
const complaints = [];
for (const level of ['warn', 'error']) console[level] = (...words) => complaints.push(words.join(' '));

const legs = [];

async function read(leg, body) {
  const text = await new Response(body).text().catch(() => '');
  for (const frame of text.split('\n\n').filter((each) => each.startsWith('data: '))) {
    const event = JSON.parse(frame.slice(6));
    leg.push(event);
    const checked = EventSchemas.safeParse(event);
    if (!checked.success) complaints.push(`${event.type}: ${checked.error}`);
  }
}

async function tapped(url, init) {
  const response = await fetch(url, init);
  if (!response.ok) return response;
  const leg = [];
  legs.push(leg);
  const [ours, theirs] = response.body.tee();
  leg.read = read(leg, ours);
  return new Response(theirs, response);
}

function open(threadId, more = {}) {
  return new HttpAgent({
    url: `${given.url}/api/ag-ui/${given.agent}`,
    headers: { Authorization: `Bearer ${given.key}` },
    threadId,
    fetch: tapped,
    ...more,
  });
}

let count = 0;
function say(agent, content) {
  count += 1;
  agent.addMessage({ id: `said-${agent.threadId}-${count}`, role: 'user', content });
  return agent.runAgent({ forwardedProps: { input: { COMPANY: 'Springs & Co' } } });
}
const copy = (value) => JSON.parse(JSON.stringify(value));

const agent = open('talk');
await say(agent, 'Hello');
const plain = copy(agent.messages);

await say(agent, 'Weather and time');
const asked = copy(agent.messages);
const pending = legs.at(-1).at(-1).outcome.pendingToolCallIds;
for (const message of asked) {
  for (const call of message.toolCalls ?? []) {
    const content = JSON.stringify({ for: call.function.name, with: JSON.parse(call.function.arguments) });
    agent.addMessage({ id: `result-${call.id}`, role: 'tool', toolCallId: call.id, content });
  }
}
await agent.runAgent();
const answered = copy(agent.messages);

let failed;
await say(agent, 'Fail').catch((error) => (failed = error.message));

const leaving = open('left');
const long = say(leaving, 'A long story').catch((error) => String(error));
const begun = () => leaving.messages.some(({ role, content }) => role === 'assistant' && content?.startsWith('Once'));
while (!begun()) await new Promise((done) => setTimeout(done, 10));
leaving.abortRun();
await long;

const back = open('talk');
await back.runAgent();
const returned = copy(back.messages);

await Promise.all(legs.map((leg) => leg.read));
const heard = [...complaints];
let refused;
await open('talk', { headers: {} }).runAgent().catch((error) => (refused = error.payload));
const result = { plain, asked, pending, answered, failed, returned, refused };
process.stdout.write(JSON.stringify({ result, legs: legs.map((leg) => [...leg]), complaints: heard }));
