import { fileURLToPath } from 'node:url';
import { defineConfig, type RolldownOptions } from 'rolldown';

const noGrpc = fileURLToPath(new URL('packages/telemetry-otel/dist/sdk/no-grpc.js', import.meta.url));
const withoutGrpc = Object.fromEntries(
  ['trace', 'metrics', 'logs'].map((signal) => [`@opentelemetry/exporter-${signal}-otlp-grpc`, noGrpc]),
);

/**
 * Bundles the program `src/main.ts` of a project to `dist/`.
 *
 * One file replaces the hundreds of files of the SDK, zod and kysely: the program starts in half the time. Dynamic imports
 * become separate files, which are read only when they are needed.
 */
export const bundleProgram = (): RolldownOptions =>
  defineConfig({
    input: 'src/main.ts',
    platform: 'node',
    // pg loads pg-native if it is installed. The programs do not use it.
    external: ['better-sqlite3', 'pg-native'],
    // The SDK of OpenTelemetry imports exporters by gRPC. They would be two thirds of it, and the programs do not use them.
    resolve: { alias: withoutGrpc },
    output: {
      dir: 'dist',
      format: 'esm',
      sourcemap: true,
      chunkFileNames: '[name].js',
      banner: ({ isEntry }) => (isEntry ? '#!/usr/bin/env node' : ''),
    },
  });
