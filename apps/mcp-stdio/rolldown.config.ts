import { fileURLToPath } from 'node:url';
import { defineConfig } from 'rolldown';

const noGrpc = fileURLToPath(import.meta.resolve('@org/telemetry-otel/no-grpc'));
const withoutGrpc = Object.fromEntries(
  ['trace', 'metrics', 'logs'].map((signal) => [`@opentelemetry/exporter-${signal}-otlp-grpc`, noGrpc]),
);

// One file instead of the hundreds of files of the SDK, zod and kysely: the program starts in half the time. Dynamic imports
// become separate files, which are read only when they are needed.
// oxlint-disable-next-line import/no-default-export -- rolldown asks for it
export default defineConfig({
  input: 'src/main.ts',
  platform: 'node',
  // pg loads pg-native if it is installed. This program does not use it.
  external: ['better-sqlite3', 'pg-native'],
  // The SDK of OpenTelemetry imports exporters by gRPC. They would be two thirds of it, and these programs do not use them.
  resolve: { alias: withoutGrpc },
  output: {
    dir: 'dist',
    format: 'esm',
    sourcemap: true,
    chunkFileNames: '[name].js',
    banner: ({ isEntry }) => (isEntry ? '#!/usr/bin/env node' : ''),
  },
});
