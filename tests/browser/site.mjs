// The application's own server: the page, bundled, and `/api/chat` handed on to Mainspring with the key no browser sees.
import { createServer } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const HTML = '<!doctype html><title>Chat</title><div id="root"></div><script type="module" src="/page.js"></script>';
const PASSED = ['content-type', 'x-vercel-ai-ui-message-stream', 'cache-control'];

async function bundled() {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('page.jsx', import.meta.url))],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    jsx: 'automatic',
    define: { 'process.env.NODE_ENV': '"production"' },
    logLevel: 'error',
  });
  return outputFiles[0].text;
}

async function handOn({ url, key }, request, response) {
  const left = new AbortController();
  response.on('close', () => left.abort());
  const answer = await fetch(url + request.url, {
    method: request.method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: request.method === 'POST' ? Readable.toWeb(request) : undefined,
    duplex: 'half',
    signal: left.signal,
  });
  const headers = PASSED.filter((name) => answer.headers.has(name)).map((name) => [name, answer.headers.get(name)]);
  response.writeHead(answer.status, Object.fromEntries(headers));
  response.flushHeaders();
  if (answer.body) await pipeline(Readable.fromWeb(answer.body), response);
  else response.end();
}

/** Starts the site before a Mainspring (`{url, key}`); gives its address and how to close it. */
export async function openSite(mainspring) {
  const page = await bundled();
  const server = createServer((request, response) => {
    if (request.url.startsWith('/api/')) {
      handOn(mainspring, request, response).catch(() => response.destroy());
    } else if (request.url === '/page.js') {
      response.writeHead(200, { 'content-type': 'text/javascript' }).end(page);
    } else if (request.url === '/favicon.ico') {
      response.writeHead(204).end();
    } else {
      response.writeHead(200, { 'content-type': 'text/html' }).end(HTML);
    }
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { address: `http://127.0.0.1:${server.address().port}`, close };
}
