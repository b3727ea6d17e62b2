// The consumer's own backend, as its documentation shows it: a browser's request in, `toSSEStream` out.
import { createServer } from 'node:http';
import { Readable } from 'node:stream';
import { toSSEStream } from '@octavus/server-sdk';

async function bodyOf(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString());
}

/** Serves one session on a free port: `{url, close}`. A browser that hangs up stops the turn. */
export async function serveSession(client, sessionId, tools) {
  const server = createServer(async (request, response) => {
    const hungUp = new AbortController();
    response.on('close', () => hungUp.abort());
    const session = client.agentSessions.attach(sessionId, { tools });
    const events = session.execute(await bodyOf(request), { signal: hungUp.signal });
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    Readable.fromWeb(toSSEStream(events)).on('error', () => response.destroy()).pipe(response);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
