// OpenAI's own client: approval requests come as items of a response, and are answered by the next.
import OpenAI from 'openai';

const given = JSON.parse(process.argv[2]);
const client = new OpenAI({ baseURL: `${given.url}/v1`, apiKey: given.key, maxRetries: 0 });
const model = `agent:${given.agent}`;

const first = await client.responses.stream({ model, input: 'Rome and Oslo' }).finalResponse();
const [rome, oslo] = first.output.filter((item) => item.type === 'mcp_approval_request');
const input = [
  { type: 'mcp_approval_response', approval_request_id: rome.id, approve: true },
  { type: 'mcp_approval_response', approval_request_id: oslo.id, approve: false, reason: 'Too cold.' },
];
const second = await client.responses.stream({ model, input, previous_response_id: first.id }).finalResponse();
const call = second.output.find((item) => item.type === 'function_call');
const output = { type: 'function_call_output', call_id: call.call_id, output: '{"degrees":21}' };
const third = await client.responses.create({ model, input: [output], previous_response_id: second.id });
const items = [];
for await (const item of client.conversations.items.list(first.conversation.id, { order: 'asc' })) items.push(item.type);
process.stdout.write(JSON.stringify({ first, second, third, items }));
