// A conversation that expired, brought back from what the consumer stored; then it goes on.
import { all, failure, play, say } from './play.mjs';

await play(async ({ given, client }) => {
  const sessions = client.agentSessions;
  const sessionId = await sessions.create(given.agent, { COMPANY: 'Before' });
  const tools = {
    'get-weather': async ({ city }) => ({ city, degrees: 21 }),
    'get-time': async () => {
      throw new Error('no clock');
    },
    'secret-audit': async () => 'noted',
  };
  await all(say(sessions.attach(sessionId, { tools }), 'How is Rome?'));
  const stored = JSON.parse(JSON.stringify((await sessions.getMessages(sessionId)).messages));
  const early = await sessions.restore(sessionId, stored);

  const headers = { Authorization: `Bearer ${given.key}` };
  const deleted = await fetch(`${given.url}/api/agent-sessions/${sessionId}`, { method: 'DELETE', headers });
  const cleared = await deleted.json();
  const expired = await sessions.getMessages(sessionId);
  const expiredState = await sessions.get(sessionId);
  const refused = await all(say(sessions.attach(sessionId, { tools }), 'Anybody there?'));

  const restored = await sessions.restore(sessionId, [...stored, ...(given.more ?? [])], { COMPANY: 'After' });
  const twice = await sessions.restore(sessionId, stored);
  const back = await sessions.getMessages(sessionId);
  const next = await all(say(sessions.attach(sessionId, { tools }), 'And Paris?'));
  const messages = (await sessions.getMessages(sessionId)).messages;
  const unknown = await failure(() => sessions.restore('no-such-session', stored));
  const malformed = await failure(() => sessions.restore(sessionId, [{ role: 'user' }]));
  const said = { early, cleared, expired, expiredState, refused, restored, twice };
  return { sessionId, stored, ...said, back, next, messages, unknown, malformed };
});
