import type { Reporter } from 'vitest/node';
import type { Service } from './services.js';

/** How missing services affect the result of a run. */
export interface MissingServicesOptions {
  /** If true, missing services make the run fail. */
  readonly isFailure: boolean;
}

/** Ends a run with the list of the services that were missing, and of the tests that did not run for that reason. */
export class MissingServicesReporter implements Reporter {
  readonly #missing: readonly Service[];
  readonly #options: MissingServicesOptions;

  constructor(missing: readonly Service[], options: MissingServicesOptions) {
    this.#missing = missing;
    this.#options = options;
  }

  onTestRunEnd(): void {
    if (this.#missing.length === 0) return;
    process.stderr.write(`${describeMissing(this.#missing, this.#options)}\n`);
    if (this.#options.isFailure) process.exitCode = 1;
  }
}

/** The text that such a run ends with. */
export function describeMissing(missing: readonly Service[], { isFailure }: MissingServicesOptions): string {
  const packages = missing.flatMap(({ debianPackage }) => debianPackage ?? []);
  return [
    'NOT RUN, because something is missing on this machine:',
    ...missing.map(({ name, tests, debianPackage }) => {
      const source = debianPackage === undefined ? '' : ` (apt-get install ${debianPackage})`;
      return `  ${tests} needs ${name}${source}`;
    }),
    ...(packages.length > 0
      ? ['INSTALL_SERVICES=1 installs these packages: it needs root, and Debian or Ubuntu.']
      : []),
    ...(isFailure ? ['The run fails because of that. SKIP_MISSING_SERVICES=1 accepts it.'] : []),
  ].join('\n');
}
