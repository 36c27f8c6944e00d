import { defaultServerConditions } from 'vite';
import { defaultExclude, defineConfig } from 'vitest/config';
import { testsOfAbsentServices } from './tools/workspace/src/absent-services.js';
import { projectFolders } from './tools/workspace/src/project-folders.js';

export default defineConfig({
  // Packages resolve to each other's source, as they do for the compiler: a test never sees a stale build.
  ssr: { resolve: { conditions: ['@org/source', ...defaultServerConditions] } },
  test: {
    projects: projectFolders.map((folder) => ({
      extends: true as const,
      root: folder,
      test: { name: `@org/${folder.split('/')[1]}` },
    })),
    include: ['src/**/*.test.ts', 'test/**/*.int.test.ts'],
    exclude: [...defaultExclude, ...(await testsOfAbsentServices())],
    setupFiles: [`${import.meta.dirname}/tools/workspace/src/fail-on-console.ts`],
    reporters: process.env['CI'] ? ['default', './tools/workspace/src/test-count-reporter.ts'] : ['default'],
    // Two slow cores with a database beside them: long enough that only a hang is cut off.
    testTimeout: 20_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 15_000 } },
  },
});
