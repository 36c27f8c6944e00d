import type { Idempotency } from '@org/domain';

/** Returns the idempotency of a script's command, made as use cases make that of a call. */
export const idempotencyOf = (key: string | undefined, tool: string, input: object): Idempotency | undefined =>
  key === undefined ? undefined : { key, tool, requestHash: JSON.stringify(input) };

/** Returns a request as text, without the fields that all requests share. */
export const shown = (request: unknown): string =>
  JSON.stringify(request, (name, value: unknown) =>
    name === 'namespace' || name === 'requestHash' ? undefined : value,
  );
