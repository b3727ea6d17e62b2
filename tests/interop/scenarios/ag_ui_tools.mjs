// A frontend tool of AG-UI that the protocol does not know: the model calls it, the page answers.
import { HttpAgent } from '@ag-ui/client';

const given = JSON.parse(process.argv[2]);
const agent = new HttpAgent({
  url: `${given.url}/api/ag-ui/${given.agent}`,
  headers: { Authorization: `Bearer ${given.key}` },
  threadId: 'tools',
});
const parameters = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
const tools = [{ name: 'show_map', description: 'Shows a map', parameters }];

agent.addMessage({ id: 'said', role: 'user', content: 'Show me Rome' });
await agent.runAgent({ tools });
const calls = agent.messages.flatMap((message) => message.toolCalls ?? []);
const done = new Set(agent.messages.map((message) => message.toolCallId));
for (const call of calls.filter(({ id }) => !done.has(id))) {
  agent.addMessage({ id: `result-${call.id}`, role: 'tool', toolCallId: call.id, content: 'shown' });
}
await agent.runAgent({ tools });
const answer = agent.messages.at(-1).content;
process.stdout.write(JSON.stringify({ calls: calls.map((call) => call.function), answer }));
