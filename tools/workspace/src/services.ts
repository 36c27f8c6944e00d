import { findPostgresBinaries } from './postgres-binaries.js';
import { isCommand, succeeds } from './run-command.js';
import { findRunningPostgres } from './running-postgres.js';
import { isRedisRunning } from './running-redis.js';

/** A program, server or right that some tests need. */
export interface Service {
  readonly name: string;
  /** The glob of the files whose tests need it. */
  readonly tests: string;
  readonly isPresent: () => Promise<boolean> | boolean;
  /** The Debian package that brings it. Undefined if there is none. */
  readonly debianPackage?: string;
}

/** What tests of `npm test` need. PostgreSQL comes through npm where the platform has a build of it. */
export const services: readonly Service[] = [
  {
    name: 'PostgreSQL, running or from npm',
    tests: '**/test/**/postgres-*.test.ts',
    isPresent: async () => findPostgresBinaries() !== undefined || (await findRunningPostgres()) !== undefined,
  },
  {
    name: 'PostgreSQL from npm',
    tests: '**/test/**/postgres-server-*.test.ts',
    isPresent: () => findPostgresBinaries() !== undefined,
  },
  {
    name: 'Redis',
    tests: '**/test/**/*redis-*.int.test.ts',
    isPresent: isRedisRunning,
  },
];

/** What tests of `npm run test:system` need in addition. */
export const systemServices: readonly Service[] = [
  {
    name: 'PgBouncer',
    tests: '**/test/**/*-pgbouncer.system.test.ts',
    isPresent: () => isCommand('pgbouncer'),
    debianPackage: 'pgbouncer',
  },
  {
    name: 'redis-server',
    tests: '**/test/**/*redis-*.system.test.ts',
    isPresent: () => isCommand('redis-server'),
    debianPackage: 'redis-server',
  },
  {
    name: 'Prometheus',
    tests: '**/test/**/*-prometheus.system.test.ts',
    isPresent: () => isCommand('prometheus') && isCommand('promtool'),
    debianPackage: 'prometheus',
  },
  {
    name: 'Docker Compose',
    tests: '**/test/**/docker.system.test.ts',
    isPresent: () => isCommand('docker-compose'),
    debianPackage: 'docker-compose',
  },
  ...['podman', 'debootstrap', 'runc'].map((name) => ({
    name,
    tests: '**/test/**/*-podman.system.test.ts',
    isPresent: () => isCommand(name),
    debianPackage: name,
  })),
  {
    name: 'the right to run containers (root)',
    tests: '**/test/**/*-podman.system.test.ts',
    isPresent: () => process.getuid?.() === 0,
  },
  {
    name: 'kubectl 1.21 or newer',
    tests: '**/test/**/*-kubectl.system.test.ts',
    isPresent: () => isCommand('kubectl'),
  },
  {
    name: 'nginx',
    tests: '**/test/**/*-nginx.system.test.ts',
    isPresent: () => isCommand('nginx'),
    debianPackage: 'nginx',
  },
  {
    name: 'HAProxy',
    tests: '**/test/**/*-haproxy.system.test.ts',
    isPresent: () => isCommand('haproxy'),
    debianPackage: 'haproxy',
  },
  {
    name: 'a running PostgreSQL with its client programs',
    tests: '**/test/**/*-pgdump.system.test.ts',
    isPresent: async () => isCommand('pg_dump') && (await findRunningPostgres()) !== undefined,
    debianPackage: 'postgresql-client',
  },
  {
    name: 'sqlite3',
    tests: '**/test/**/*-sqlite3.system.test.ts',
    isPresent: () => isCommand('sqlite3'),
    debianPackage: 'sqlite3',
  },
  {
    name: 'socat',
    tests: '**/test/**/*-socat.system.test.ts',
    isPresent: () => isCommand('socat'),
    debianPackage: 'socat',
  },
  {
    name: 'the right to create a process namespace',
    tests: '**/test/**/*-unshare.system.test.ts',
    isPresent: () => succeeds('unshare', '--map-root-user', '--pid', '--fork', '--mount-proc', 'true'),
  },
  {
    name: 'systemd',
    tests: '**/test/**/*-systemd.system.test.ts',
    isPresent: () => isCommand('systemd-analyze'),
  },
  {
    name: 'a C compiler',
    tests: '**/test/**/*-gcc.system.test.ts',
    isPresent: () => isCommand('gcc'),
    debianPackage: 'build-essential',
  },
  {
    name: 'the right to mount a disk (root)',
    tests: '**/test/**/*-disk-full.system.test.ts',
    isPresent: () =>
      process.getuid?.() === 0 && succeeds('unshare', '--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'),
  },
];
