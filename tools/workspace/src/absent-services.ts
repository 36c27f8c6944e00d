import { once } from 'node:events';
import { connect } from 'node:net';

/** A service that some tests need, and where it is expected. */
interface Service {
  readonly name: string;
  readonly url: string;
  readonly tests: string;
  /** When the URL names none. */
  readonly defaultPort: number;
}

const services: readonly Service[] = [
  {
    name: 'PostgreSQL',
    url: process.env['DATABASE_TEST_URL'] ?? 'postgres://127.0.0.1:5432',
    tests: '**/postgres-*.int.test.ts',
    defaultPort: 5432,
  },
  {
    name: 'Redis',
    url: process.env['REDIS_TEST_URL'] ?? 'redis://127.0.0.1:6379',
    tests: '**/*redis-*.int.test.ts',
    defaultPort: 6379,
  },
];

/**
 * The tests of services that cannot be reached here, each reported by name: a newcomer needs nothing but Node. In
 * continuous integration nothing is left out, so that an absent service fails there.
 */
export async function testsOfAbsentServices(): Promise<string[]> {
  if (process.env['CI']) return [];
  const absent: Service[] = [];
  for (const service of services)
    if (!(await isReachable(new URL(service.url), service.defaultPort))) absent.push(service);
  for (const { name, url, tests } of absent) {
    console.warn(`No ${name} at ${new URL(url).host}: left out ${tests}`);
  }
  return absent.map(({ tests }) => tests);
}

async function isReachable({ hostname, port }: URL, defaultPort: number): Promise<boolean> {
  const socket = connect({ host: hostname, port: port === '' ? defaultPort : Number(port), timeout: 1000 });
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
