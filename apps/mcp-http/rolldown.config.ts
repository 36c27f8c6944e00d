import { defineConfig } from 'rolldown';

// One file instead of the hundreds that the SDK, zod and kysely come in: starting takes half as long. What is imported
// dynamically stays a file of its own, read only when it is needed.
// oxlint-disable-next-line import/no-default-export -- rolldown asks for it
export default defineConfig({
  input: 'src/main.ts',
  platform: 'node',
  // pg asks for the second where someone has installed it; nothing here does.
  external: ['better-sqlite3', 'pg-native'],
  output: {
    dir: 'dist',
    format: 'esm',
    sourcemap: true,
    chunkFileNames: '[name].js',
    banner: ({ isEntry }) => (isEntry ? '#!/usr/bin/env node' : ''),
  },
});
