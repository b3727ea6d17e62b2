// A second turn while the first one runs, then a third when it was stopped.
import { all, play, say } from './play.mjs';

await play(async ({ given, client }) => {
  const sessionId = await client.agentSessions.create(given.agent);
  const stop = new AbortController();
  const first = say(client.agentSessions.attach(sessionId), 'Take your time', { signal: stop.signal });
  const seen = [];
  let second;
  for await (const event of first) {
    seen.push(event);
    if (event.type === 'text-delta' && !second) {
      second = await all(say(client.agentSessions.attach(sessionId), 'Me too'));
      stop.abort();
    }
  }
  const after = await all(say(client.agentSessions.attach(sessionId), 'Now?'));
  return { seen, second, after, messages: (await client.agentSessions.getMessages(sessionId)).messages };
});
