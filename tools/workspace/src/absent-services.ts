import { spawnSync } from 'node:child_process';
import { findPostgresBinaries } from './postgres-binaries.js';
import { findRunningPostgres } from './running-postgres.js';
import { isRedisRunning } from './running-redis.js';

/** A service that some tests need. */
interface Service {
  readonly name: string;
  readonly tests: string;
  readonly isThere: () => Promise<boolean> | boolean;
  /** What Debian calls the package that brings it. */
  readonly debianPackage?: string;
}

const services: readonly Service[] = [
  {
    name: 'PostgreSQL, running or from npm',
    tests: '**/test/**/postgres-*.test.ts',
    isThere: async () => findPostgresBinaries() !== undefined || (await findRunningPostgres()) !== undefined,
  },
  {
    name: 'PostgreSQL from npm',
    tests: '**/test/**/postgres-server-*.test.ts',
    isThere: () => findPostgresBinaries() !== undefined,
  },
  {
    name: 'Redis',
    tests: '**/test/**/*redis-*.int.test.ts',
    isThere: isRedisRunning,
  },
];

const systemServices: readonly Service[] = [
  {
    name: 'PgBouncer',
    tests: '**/test/**/*-pgbouncer.system.test.ts',
    isThere: () => isCommand('pgbouncer'),
    debianPackage: 'pgbouncer',
  },
  {
    name: 'redis-server',
    tests: '**/test/**/*redis-*.system.test.ts',
    isThere: () => isCommand('redis-server'),
    debianPackage: 'redis-server',
  },
  {
    name: 'Prometheus',
    tests: '**/test/**/*-prometheus.system.test.ts',
    isThere: () => isCommand('prometheus') && isCommand('promtool'),
    debianPackage: 'prometheus',
  },
  {
    name: 'Docker Compose',
    tests: '**/test/**/docker.system.test.ts',
    isThere: () => isCommand('docker-compose'),
    debianPackage: 'docker-compose',
  },
  {
    name: 'nginx',
    tests: '**/test/**/*-nginx.system.test.ts',
    isThere: () => isCommand('nginx'),
    debianPackage: 'nginx',
  },
  {
    name: 'HAProxy',
    tests: '**/test/**/*-haproxy.system.test.ts',
    isThere: () => isCommand('haproxy'),
    debianPackage: 'haproxy',
  },
  {
    name: 'running PostgreSQL with its client programs',
    tests: '**/test/**/*-pgdump.system.test.ts',
    isThere: async () => isCommand('pg_dump') && (await findRunningPostgres()) !== undefined,
    debianPackage: 'postgresql-client',
  },
  {
    name: 'sqlite3',
    tests: '**/test/**/*-sqlite3.system.test.ts',
    isThere: () => isCommand('sqlite3'),
    debianPackage: 'sqlite3',
  },
  {
    name: 'socat',
    tests: '**/test/**/*-socat.system.test.ts',
    isThere: () => isCommand('socat'),
    debianPackage: 'socat',
  },
  {
    name: 'right to make a process namespace',
    tests: '**/test/**/*-unshare.system.test.ts',
    isThere: () => succeeds('unshare', '--map-root-user', '--pid', '--fork', '--mount-proc', 'true'),
  },
  {
    name: 'systemd',
    tests: '**/test/**/*-systemd.system.test.ts',
    isThere: () => isCommand('systemd-analyze'),
  },
  {
    name: 'C compiler',
    tests: '**/test/**/*-gcc.system.test.ts',
    isThere: () => isCommand('gcc'),
    debianPackage: 'build-essential',
  },
  {
    name: 'right to mount a disk (root)',
    tests: '**/test/**/*-disk-full.system.test.ts',
    isThere: () => process.getuid?.() === 0 && succeeds('unshare', '--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'),
  },
];

/**
 * The tests of services that are not here, each reported by name: a newcomer needs nothing but Node. The system tests
 * install first what they can. In continuous integration nothing is left out, so that an absent service fails there.
 */
export async function testsOfAbsentServices(mode: string): Promise<string[]> {
  const isSystem = mode === 'system';
  const absent: Service[] = [];
  for (const service of isSystem ? [...services, ...systemServices] : services) {
    if (await service.isThere()) continue;
    if (service.debianPackage !== undefined) installPackage(service.debianPackage);
    if (!(await service.isThere())) absent.push(service);
  }
  if (process.env['CI']) return [];
  for (const { name, tests } of absent) warnOnce(`No ${name}: left out ${tests}`);
  return absent.map(({ tests }) => tests);
}

/** The configuration is read anew for each project. */
function warnOnce(message: string): void {
  const warned = process.env['WARNED_OF_ABSENCE'] ?? '';
  if (warned.includes(message)) return;
  process.env['WARNED_OF_ABSENCE'] = `${warned}${message}\n`;
  console.warn(message);
}

/** Where that is possible: on Debian and its like, as root. */
function installPackage(name: string): void {
  if (process.getuid?.() !== 0 || !isCommand('apt-get')) return;
  console.log(`Installing ${name}`);
  // A package may start its service: not here, where no test would use it.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const aptGet = (...args: string[]): unknown => spawnSync('apt-get', args, { env, stdio: 'ignore' });
  aptGet('update');
  aptGet('install', '--yes', '--no-install-recommends', name);
}

const isCommand = (name: string): boolean => succeeds('sh', '-c', `command -v ${name}`);

const succeeds = (command: string, ...args: string[]): boolean =>
  spawnSync(command, args, { stdio: 'ignore' }).status === 0;
