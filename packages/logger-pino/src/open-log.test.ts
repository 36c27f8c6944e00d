import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { openLog } from './open-log.js';

let lines: Record<string, unknown>[];
beforeEach(() => {
  lines = [];
  vi.spyOn(process.stderr, 'write').mockImplementation((line) => lines.push(JSON.parse(String(line)) as never) > 0);
});
afterEach(() => {
  vi.restoreAllMocks();
});

it('masks what looks like a secret anywhere in a line', async () => {
  const { logger } = await openLog({ service: 'mcp-http', level: 'info' });
  logger.info({ url: 'redis://:s3cret@cache', nested: { password: 's3cret' } }, 'with Bearer s3cret0123456');
  expect(lines).toMatchObject([{ url: 'redis://***@cache', nested: { password: '***' }, msg: 'with Bearer ***' }]);
});

it('says at every level how many lines are missing', async () => {
  const { logger } = await openLog({ service: 'mcp-http', level: 'silent' });
  const trail = logger.child({ audit: true }, { level: 'info' });
  const unread = vi.spyOn(process.stderr, 'writableLength', 'get').mockReturnValue(2 * 1024 * 1024);
  trail.info('a');
  trail.info('b');
  unread.mockRestore();
  process.stderr.emit('drain');
  expect(lines).toMatchObject([{ level: 'warn', leftOut: 2 }]);
});
