import { defaultServerConditions } from 'vite';
import { defaultExclude, defineConfig } from 'vitest/config';
import { testsOfAbsentServices } from './tools/workspace/src/absent-services.js';
import { projectFolders } from './tools/workspace/src/project-folders.js';

/** Packages resolve to each other's source, as they do for the compiler: a test never sees a stale build. */
const fromSource = { resolve: { conditions: ['@org/source', ...defaultServerConditions] } };

/** `vitest` runs what needs packages from npm alone; `vitest --mode system`, what needs more than that, or minutes. */
export default defineConfig(async ({ mode }) => ({
  ssr: fromSource,
  // Where vitest runs the global setup.
  environments: { __vitest__: fromSource },
  test: {
    projects: projectFolders.map((folder) => ({
      extends: true as const,
      root: folder,
      test: { name: `@org/${folder.split('/')[1]}` },
    })),
    include: mode === 'system' ? ['test/**/*.system.test.ts'] : ['src/**/*.test.ts', 'test/**/*.int.test.ts'],
    exclude: [...defaultExclude, ...(await testsOfAbsentServices(mode))],
    globalSetup: [`${import.meta.dirname}/tools/workspace/src/provide-postgres.ts`],
    setupFiles: [`${import.meta.dirname}/tools/workspace/src/fail-on-console.ts`],
    reporters: process.env['CI'] ? ['default', './tools/workspace/src/test-count-reporter.ts'] : ['default'],
    // By default a core is left to whoever watches: on two, that is half of the machine. System tests want it for themselves.
    maxWorkers: mode === 'system' ? 1 : '100%',
    // Two slow cores with a database beside them: long enough that only a hang is cut off.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 30_000 } },
  },
}));
