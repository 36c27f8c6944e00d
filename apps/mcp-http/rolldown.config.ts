import { defineConfig } from 'rolldown';

// Bundles the hundreds of files of the SDK, zod and kysely, which halves the time of a start. Dynamically imported modules
// stay separate files, which are read only if they are needed.
// oxlint-disable-next-line import/no-default-export -- rolldown asks for it
export default defineConfig({
  input: 'src/main.ts',
  platform: 'node',
  // pg loads pg-native if it is installed, which it is not.
  external: ['better-sqlite3', 'pg-native'],
  output: {
    dir: 'dist',
    format: 'esm',
    sourcemap: true,
    chunkFileNames: '[name].js',
    banner: ({ isEntry }) => (isEntry ? '#!/usr/bin/env node' : ''),
  },
});
