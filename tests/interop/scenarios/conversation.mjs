// Two turns of plain text, read back in every way the server SDK has.
import { all, play, say } from './play.mjs';

await play(async ({ given, client }) => {
  const sessionId = await client.agentSessions.create(given.agent, { COMPANY: 'Springs & Co' });
  const fresh = await client.agentSessions.getMessages(sessionId);
  const session = client.agentSessions.attach(sessionId);
  const first = await all(say(session, 'Good morning'));
  const second = await all(say(session, 'And now?'));
  return {
    sessionId,
    fresh,
    first,
    second,
    messages: await client.agentSessions.getMessages(sessionId),
    state: await client.agentSessions.get(sessionId),
    agents: await client.agents.list(),
    agent: await client.agents.get(given.agent),
  };
});
