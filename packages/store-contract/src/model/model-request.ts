import type { Idempotency } from '@org/domain';

/** The idempotency of a script's command under a key, as use cases make it of a call. */
export const idempotencyOf = (key: string | undefined, tool: string, input: object): Idempotency | undefined =>
  key === undefined ? undefined : { key, tool, requestHash: JSON.stringify(input) };

/** A request as text, without what is the same in all of them. */
export const shown = (request: unknown): string =>
  JSON.stringify(request, (name, value: unknown) =>
    name === 'namespace' || name === 'requestHash' ? undefined : value,
  );
