import { describeMessageReading } from '@org/mcp/testing';
import { RawServer } from './mcp-stdio.js';

describeMessageReading('messages of mcp-stdio', async () => {
  const server = new RawServer({ DATABASE_URL: 'sqlite::memory:' });
  const ends = Buffer.from('\n');
  const answer = (message: Buffer): Promise<string> => {
    server.child.stdin.write(Buffer.concat([message, ends]));
    return server.nextLine();
  };
  const clientInfo = { name: 'raw', version: '1' };
  const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo };
  await answer(Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'initialize', params })));
  return {
    answer,
    close: async () => {
      server.child.kill();
      await server.finished;
    },
  };
});
