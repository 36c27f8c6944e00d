import { redisServer } from '@org/redis-connection/testing';
import { temporaryDatabase, unusedPort } from '@org/store-kysely/testing';
import { scrape } from '@org/telemetry-otel/testing';
import { expect, it, onTestFinished } from 'vitest';
import { HttpServerProcess, post } from '../support/mcp-http.js';

it('shows whether Redis is available, while it is stopped and started again', async () => {
  const [redis, database, port] = [await redisServer(), await temporaryDatabase(), await unusedPort()];
  onTestFinished(database.drop);
  onTestFinished(redis.kill);
  await redis.start();
  const server = await HttpServerProcess.start({
    DATABASE_URL: database.url,
    REDIS_URL: redis.url,
    CACHE_MEMORY_MIB: '1',
    CACHE_REDIS: 'true',
    METRICS_PORT: `${port}`,
  });
  onTestFinished(async () => void (await server.stop()));
  const params = { name: 'registerSession', arguments: { sessionKey: 'work', agent: 'a' } };
  await (await post(server.mcp, { jsonrpc: '2.0', id: 1, method: 'tools/call', params })).text();

  const untilUp = (up: number): Promise<void> =>
    expect
      .poll(async () => {
        const { value } = await scrape(`http://127.0.0.1:${port}/metrics`);
        return [value('cache_redis_up'), value('bus_redis_up')];
      })
      .toEqual([up, up]);
  await untilUp(1);
  await redis.kill();
  await untilUp(0);
  await redis.start();
  await untilUp(1);
});
