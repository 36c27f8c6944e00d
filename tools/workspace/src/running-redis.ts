import { once } from 'node:events';
import { connect } from 'node:net';

/** Returns true if a server listens at REDIS_TEST_URL. Default: port 6379 of this machine. */
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
