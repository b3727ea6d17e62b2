// A round of one server tool and one client tool: the stream ends, and goes on with the person's answer.
import { all, play, say } from './play.mjs';

await play(async ({ given, client }) => {
  const sessionId = await client.agentSessions.create(given.agent);
  const tools = { 'get-weather': async () => ({ degrees: 3 }) };
  const asked = await all(say(client.agentSessions.attach(sessionId, { tools }), 'Shall I go out?'));
  const request = asked.find((event) => event.type === 'client-tool-request');
  const waiting = (await client.agentSessions.getMessages(sessionId)).messages;
  const own = request.toolCalls.map(({ toolCallId, toolName }) => ({ toolCallId, toolName, result: 'yes, by foot' }));
  const toolResults = [...request.serverToolResults, ...own];
  const again = client.agentSessions.attach(sessionId, { tools });
  const answered = await all(again.execute({ type: 'continue', executionId: request.executionId, toolResults }));
  const messages = (await client.agentSessions.getMessages(sessionId)).messages;
  return { asked, request, waiting, answered, messages };
});
