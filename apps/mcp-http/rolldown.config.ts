import { fileURLToPath } from 'node:url';
import { defineConfig } from 'rolldown';

const noGrpc = fileURLToPath(import.meta.resolve('@org/telemetry-otel/no-grpc'));
const withoutGrpc = Object.fromEntries(
  ['trace', 'metrics', 'logs'].map((signal) => [`@opentelemetry/exporter-${signal}-otlp-grpc`, noGrpc]),
);

// One file instead of the hundreds that the SDK, zod and kysely come in: starting takes half as long. What is imported
// dynamically stays a file of its own, read only when it is needed.
// oxlint-disable-next-line import/no-default-export -- rolldown asks for it
export default defineConfig({
  input: 'src/main.ts',
  platform: 'node',
  // pg asks for the second where someone has installed it; nothing here does.
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
