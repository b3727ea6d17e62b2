// What a browser does with a file: the client SDK's own upload, its XMLHttpRequest played by fetch; then a trigger with it.
import { uploadFiles } from '@octavus/client-sdk';
import { all, play } from './play.mjs';

globalThis.XMLHttpRequest = class {
  upload = { addEventListener: () => {} };
  listeners = {};
  headers = {};
  addEventListener(name, listener) {
    this.listeners[name] = listener;
  }
  open(method, url) {
    Object.assign(this, { method, url });
  }
  setRequestHeader(name, value) {
    this.headers[name] = value;
  }
  async send(body) {
    try {
      const { method, headers } = this;
      this.status = (await fetch(this.url, { method, headers, body })).status;
      this.listeners.load();
    } catch {
      this.listeners.error();
    }
  }
};

await play(async ({ given, client }) => {
  const sessionId = await client.agentSessions.create(given.agent);
  const requestUploadUrls = (files) => client.files.getUploadUrls(sessionId, files);
  const bytes = Buffer.from(given.png, 'base64');
  const files = [
    new File([bytes], 'cat.png', { type: 'image/png' }),
    new File(['a,b\n1,2\n'], 'table.csv', { type: 'text/csv' }),
  ];
  const references = await uploadFiles(files, { requestUploadUrls });
  const session = client.agentSessions.attach(sessionId, { tools: {} });
  const input = { USER_MESSAGE: 'What is this?', FILES: references };
  const events = await all(session.execute({ type: 'trigger', triggerName: 'user-message', input }));
  const { messages } = await client.agentSessions.getMessages(sessionId);
  const fetched = await fetch(references[0].url);
  const same = Buffer.from(await fetched.arrayBuffer()).equals(bytes);
  const lie = new File(['<script>'], 'evil.png', { type: 'image/png' });
  const refused = await uploadFiles([lie], { requestUploadUrls }).catch((error) => error.message);
  const html = new File(['<script>'], 'evil.html', { type: 'text/html' });
  const untaken = await uploadFiles([html], { requestUploadUrls }).catch((error) => error.message);
  return { events, references, messages, same, refused, untaken };
});
