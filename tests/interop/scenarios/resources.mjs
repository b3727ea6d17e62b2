// A tool that a block calls, a resource that follows it, and a thread written down.
import { Resource } from '@octavus/server-sdk';
import { all, play, say } from './play.mjs';

class LastWeather extends Resource {
  name = 'LAST_WEATHER';
  seen = [];

  onUpdate(value) {
    this.seen.push(value);
  }
}

await play(async ({ given, client }) => {
  const sessionId = await client.agentSessions.create(given.agent);
  const resource = new LastWeather();
  const tools = { 'get-weather': async ({ city }) => ({ city, degrees: -4 }) };
  const session = client.agentSessions.attach(sessionId, { tools, resources: [resource] });
  const events = await all(say(session, 'Oslo'));
  return { events, updates: resource.seen, state: await client.agentSessions.get(sessionId) };
});
