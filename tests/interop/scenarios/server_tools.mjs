// Two rounds of server tools: three at once, one of which throws and one of which returns nothing.
import { all, play, say } from './play.mjs';

await play(async ({ given, client }) => {
  const sessionId = await client.agentSessions.create(given.agent);
  const ran = [];
  let weathersRunning = 0;
  let most = 0;
  const tools = {
    'get-weather': async (args) => {
      ran.push(['get-weather', args]);
      most = Math.max(most, (weathersRunning += 1));
      await new Promise((resolve) => setTimeout(resolve, 20));
      weathersRunning -= 1;
      return { city: args.city, degrees: 21 };
    },
    'get-time': async (args) => {
      ran.push(['get-time', args]);
      throw new Error('the clock is broken');
    },
    'secret-audit': async (args) => {
      ran.push(['secret-audit', args]);
    },
  };
  const session = client.agentSessions.attach(sessionId, { tools });
  const events = await all(say(session, 'What is it like outside?'));
  const messages = (await client.agentSessions.getMessages(sessionId)).messages;
  return { events, ran, most, messages };
});
