// Stop in the middle of the text, stop while a tool runs, stop again after the end; the next turn works.
import { all, play, say } from './play.mjs';

await play(async ({ given, client }) => {
  const sessionId = await client.agentSessions.create(given.agent);
  const sessions = client.agentSessions;

  const inText = new AbortController();
  const text = [];
  for await (const event of say(sessions.attach(sessionId), 'Tell me a story', { signal: inText.signal })) {
    text.push(event);
    if (event.type === 'text-delta') inText.abort();
  }
  inText.abort();

  const inTool = new AbortController();
  const tools = {
    'get-weather': async () => {
      inTool.abort();
      return 'sunny';
    },
  };
  const tool = await all(say(sessions.attach(sessionId, { tools }), 'And the weather?', { signal: inTool.signal }));
  const between = (await sessions.getMessages(sessionId)).messages;

  const next = await all(say(sessions.attach(sessionId), 'Never mind'));
  return { text, tool, between, next, messages: (await sessions.getMessages(sessionId)).messages };
});
