import { availableParallelism } from 'node:os';
import { defaultServerConditions } from 'vite';
import { defaultExclude, defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';
import { findMissingServices } from './tools/workspace/src/find-missing-services.js';
import { projectFolders } from './tools/workspace/src/project-folders.js';
import { MissingServicesReporter } from './tools/workspace/src/missing-services-reporter.js';

/** Packages resolve to each other's source, as they do for the compiler, so that tests never use an outdated build. */
const fromSource = { resolve: { conditions: ['@org/source', ...defaultServerConditions] } };

/**
 * Random searches. `npm test` plays a few cases of each; `npm run test:system` runs the same files again and plays as many
 * as they ask for. A variable that is set in the environment wins in both.
 */
const searches = [
  'src/**/{store-concurrency,store-model}.test.ts',
  'test/**/*{model,cached-store,briefing-budget}.int.test.ts',
];
const { env } = process;
const quickSearches = {
  MODEL_RUNS: env['MODEL_RUNS'] ?? '20',
  CONCURRENCY_ROUNDS: env['CONCURRENCY_ROUNDS'] ?? '3',
  BRIEFING_RUNS: env['BRIEFING_RUNS'] ?? '200',
};

/** Tests start many processes that run the sources. Compiling them took half of the CPU time of each. */
const compiledSources = `${import.meta.dirname}/node_modules/.cache/compiled-sources`;

/** `vitest` runs what needs npm packages alone. `vitest --mode system` runs what needs other programs, or minutes. */
export default defineConfig(async ({ mode }) => {
  const isSystem = mode === 'system';
  const missing = await findMissingServices(mode);
  // A run of single files or projects only lists what is missing.
  const requiresAll = env['npm_lifecycle_event'] === 'test:system' && env['SKIP_MISSING_SERVICES'] !== '1';
  const project = (folder: string): TestProjectInlineConfiguration => ({
    ssr: fromSource,
    root: folder,
    test: {
      name: `@org/${folder.split('/')[1]}`,
      include: isSystem ? ['test/**/*.system.test.ts', ...searches] : ['src/**/*.test.ts', 'test/**/*.int.test.ts'],
      exclude: [...defaultExclude, ...missing.map(({ tests }) => tests)],
      env: { ...(isSystem ? {} : quickSearches), NODE_COMPILE_CACHE: compiledSources },
      setupFiles: [`${import.meta.dirname}/tools/workspace/src/fail-on-console.ts`],
      // Files share workers: a worker and its modules for each file took about half of the CPU time. System tests measure
      // the memory and CPU time of their process.
      isolate: isSystem,
      // Tests that are marked as concurrent mostly wait. Default: 5.
      maxConcurrency: 20,
      // Two slow cores that also run the database: a test that takes longer than this hangs.
      testTimeout: 60_000,
      hookTimeout: 120_000,
      expect: { poll: { timeout: 30_000 } },
    },
  });
  return {
    // Vitest runs the global setup in this environment.
    environments: { __vitest__: fromSource },
    test: {
      projects: projectFolders.map(project),
      globalSetup: [`${import.meta.dirname}/tools/workspace/src/provide-postgres.ts`],
      reporters: [
        'default',
        new MissingServicesReporter(missing, { isFailure: requiresAll }),
        ...(env['CI'] ? ['./tools/workspace/src/test-count-reporter.ts'] : []),
      ],
      // Two more than there are cores, because tests often wait for a timer or a disk. System tests run alone, because
      // several measure memory or time.
      maxWorkers: isSystem ? 1 : availableParallelism() + 2,
    },
  };
});
