// What the SDK makes of requests that the server refuses.
import { OctavusClient } from '@octavus/server-sdk';
import { all, failure, play, say } from './play.mjs';

await play(async ({ given, client }) => {
  const sessions = client.agentSessions;
  const stranger = new OctavusClient({ baseUrl: `${given.url}/`, apiKey: 'ms_sk_wrong' });
  const nobody = new OctavusClient({ baseUrl: given.url });
  const reader = new OctavusClient({ baseUrl: given.url, apiKey: given.narrowKey });
  const sessionId = await sessions.create(given.agent);
  const session = sessions.attach(sessionId);
  return {
    unknownAgent: await failure(() => sessions.create('no-such-agent')),
    unknownAgentRead: await failure(() => client.agents.get('no-such-agent')),
    unknownSession: await failure(() => sessions.getMessages('no-such-session')),
    wrongKey: await failure(() => stranger.agentSessions.create(given.agent)),
    noKey: await failure(() => nobody.agentSessions.create(given.agent)),
    narrowKey: await failure(() => reader.agentSessions.create(given.agent)),
    wrongKeyStream: await all(say(stranger.agentSessions.attach(sessionId), 'Hello')),
    unknownSessionStream: await all(say(sessions.attach('no-such-session'), 'Hello')),
    unknownTrigger: await all(session.execute({ type: 'trigger', triggerName: 'no-such-trigger', input: {} })),
    missingInput: await all(session.execute({ type: 'trigger', triggerName: 'user-message', input: {} })),
    unknownExecution: await all(session.execute({ type: 'continue', executionId: 'no-such', toolResults: [] })),
    afterwards: (await sessions.getMessages(sessionId)).messages,
  };
});
