import { once } from 'node:events';
import { connect } from 'node:net';

/** Whether something listens where the tests expect Redis: what REDIS_TEST_URL names, or else the usual port here. */
export async function isRedisRunning(): Promise<boolean> {
  const { hostname, port } = new URL(process.env['REDIS_TEST_URL'] ?? 'redis://127.0.0.1');
  const socket = connect({ host: hostname, port: port === '' ? 6379 : Number(port), timeout: 1000 });
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
