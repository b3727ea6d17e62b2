// One turn after another, each against a provider that fails in its own way; then one that works.
import { all, play, say } from './play.mjs';

await play(async ({ given, client }) => {
  const sessionId = await client.agentSessions.create(given.agent);
  const session = client.agentSessions.attach(sessionId);
  const turns = [];
  for (const name of given.turns) turns.push(await all(say(session, name)));
  return { turns, messages: (await client.agentSessions.getMessages(sessionId)).messages };
});
