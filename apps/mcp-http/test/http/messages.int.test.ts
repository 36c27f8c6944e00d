import { describeMessageReading } from '@org/mcp/testing';
import { HttpServerProcess } from '../support/mcp-http.js';

describeMessageReading('messages of mcp-http', async () => {
  const server = await HttpServerProcess.start({ DATABASE_URL: 'sqlite::memory:' });
  return {
    answer: async (body) => {
      const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
      const response = await fetch(server.mcp, { method: 'POST', headers, body: new Uint8Array(body) });
      const text = await response.text();
      return /^data: (.*)$/m.exec(text)?.[1] ?? text;
    },
    close: async () => void (await server.stop()),
  };
});
