import { installPackages } from './install-packages.js';
import { services, systemServices, type Service } from './services.js';

/**
 * Returns the services that tests of this mode need and this machine lacks, so that their tests can be left out.
 *
 * With INSTALL_SERVICES=1, the Debian packages that bring system services are installed first. In continuous integration
 * (CI is set) nothing is left out: the tests of a missing service run, and fail.
 */
export async function findMissingServices(mode: string): Promise<readonly Service[]> {
  const needed = mode === 'system' ? [...services, ...systemServices] : services;
  let missing = await withoutPresent(needed);
  const packages = missing.flatMap(({ debianPackage }) => debianPackage ?? []);
  if (process.env['INSTALL_SERVICES'] === '1' && packages.length > 0) {
    installPackages(packages);
    missing = await withoutPresent(missing);
  }
  return process.env['CI'] ? [] : missing;
}

async function withoutPresent(needed: readonly Service[]): Promise<readonly Service[]> {
  const present = await Promise.all(needed.map(async ({ isPresent }) => isPresent()));
  return needed.filter((_service, index) => present[index] !== true);
}
