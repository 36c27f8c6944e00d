import { expect, it } from 'vitest';
import { describeMissing } from './missing-services-reporter.js';
import type { Service } from './services.js';

const nginx: Service = {
  name: 'nginx',
  tests: '**/test/*-nginx.system.test.ts',
  isPresent: () => false,
  debianPackage: 'nginx',
};
const systemd: Service = { name: 'systemd', tests: '**/test/*-systemd.system.test.ts', isPresent: () => false };

it('says which tests did not run, what they need, and how to get it', () => {
  expect(describeMissing([nginx, systemd], { isFailure: true })).toBe(`\
NOT RUN, because something is missing on this machine:
  **/test/*-nginx.system.test.ts needs nginx (apt-get install nginx)
  **/test/*-systemd.system.test.ts needs systemd
INSTALL_SERVICES=1 installs these packages: it needs root, and Debian or Ubuntu.
The run fails because of that. SKIP_MISSING_SERVICES=1 accepts it.`);
});

it('does not speak of packages or failure where neither applies', () => {
  expect(describeMissing([systemd], { isFailure: false })).toBe(`\
NOT RUN, because something is missing on this machine:
  **/test/*-systemd.system.test.ts needs systemd`);
});
