import { defineConfig } from 'rolldown';

// One file instead of the hundreds of files of the SDK, zod and kysely: the program starts in half the time. Dynamic imports
// become separate files, which are read only when they are needed.
// oxlint-disable-next-line import/no-default-export -- rolldown asks for it
export default defineConfig({
  input: 'src/main.ts',
  platform: 'node',
  // pg loads pg-native if it is installed. This program does not use it.
  external: ['better-sqlite3', 'pg-native'],
  output: {
    dir: 'dist',
    format: 'esm',
    sourcemap: true,
    chunkFileNames: '[name].js',
    banner: ({ isEntry }) => (isEntry ? '#!/usr/bin/env node' : ''),
  },
});
