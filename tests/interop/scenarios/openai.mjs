// OpenAI's own client, unmodified: responses and chat completions, streams and wholes, tools, failures, coming back.
import OpenAI from 'openai';

const given = JSON.parse(process.argv[2]);
const client = new OpenAI({ baseURL: `${given.url}/v1`, apiKey: given.key, maxRetries: 0 });
const model = `agent:${given.agent}`;
const own = { mainspring: { input: { COMPANY: 'Springs & Co' } } };
const run = (call) => JSON.stringify({ answered: call.name, asked: JSON.parse(call.arguments) });

/** What a call threw. */
async function thrown(call) {
  try {
    await call();
    return null;
  } catch (error) {
    const { status, code, type, param, message } = error;
    return { name: error.constructor.name, status, code, type, param, message };
  }
}

const models = [];
for await (const each of client.models.list()) models.push(each.id);

const plain = client.responses.stream({ model, input: 'Hello', ...own });
const deltas = [];
plain.on('response.output_text.delta', (event) => deltas.push(event.delta));
const first = await plain.finalResponse();

let asked = await client.responses.stream({ model, input: 'Weather and time', previous_response_id: first.id }).finalResponse();
const calls = asked.output.filter((item) => item.type === 'function_call');
const outputs = calls.map((call) => ({ type: 'function_call_output', call_id: call.call_id, output: run(call) }));
const answered = await client.responses.create({ model, input: outputs, previous_response_id: asked.id });

const kept = await client.responses.retrieve(first.id);
const again = [];
for await (const event of await client.responses.retrieve(first.id, { stream: true, starting_after: 3 })) again.push(event.sequence_number);
const replayed = await client.responses.stream({ response_id: first.id, starting_after: 3 }).finalResponse();

const failed = await client.responses.stream({ model, input: 'Fail' }).finalResponse();

const long = client.responses.stream({ model, input: 'A long story' });
let half = null;
for await (const event of long) {
  if (event.type === 'response.created') half = event.response.id;
  if (event.type === 'response.output_text.delta') break;
}
const cancelled = await client.responses.cancel(half);

const messages = [{ role: 'user', content: 'Hello' }];
const completion = await client.chat.completions.create({ model, messages });
messages.push(completion.choices[0].message, { role: 'user', content: 'Weather' });
const streamed = client.chat.completions.stream({ model, messages, stream_options: { include_usage: true } });
const called = await streamed.finalChatCompletion();
messages.push(called.choices[0].message);
for (const call of called.choices[0].message.tool_calls) {
  messages.push({ role: 'tool', tool_call_id: call.id, content: run(call.function) });
}
const told = await client.chat.completions.stream({ model, messages }).finalContent();
const chatFailed = await thrown(() => client.chat.completions.stream({ model, messages: messages.slice(0, 1) }).finalContent());
const wholeFailed = await thrown(() => client.chat.completions.create({ model, messages: messages.slice(0, 1) }));

const refused = {
  model: await thrown(() => client.responses.create({ model: 'agent:nobody', input: 'Hi' })),
  key: await thrown(() => new OpenAI({ baseURL: `${given.url}/v1`, apiKey: 'wrong', maxRetries: 0 }).models.list()),
  input: await thrown(() => client.responses.create({ model, input: [] })),
};
process.stdout.write(
  JSON.stringify({
    models, deltas, first, asked, answered, kept, again, replayed, failed, cancelled, completion, called, told,
    chatFailed, wholeFailed, refused,
  }),
);
