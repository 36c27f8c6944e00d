import { ContextStoreError, type ErrorCode } from '@org/domain';
import { expect } from 'vitest';

/** Expects the one error by which trouble with the database is told: typed, retryable, fit to show to anyone. */
export async function expectTrouble(
  call: Promise<unknown>,
  says: RegExp,
  code: ErrorCode = 'STORE_UNAVAILABLE',
): Promise<void> {
  const error: unknown = await call.then(
    () => expect.fail(`expected ${code}`),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ContextStoreError);
  expect(error).toMatchObject({ code, retryable: true, message: expect.stringMatching(says) as string });
  const { message } = error as ContextStoreError;
  expect(message).not.toMatch(/\n|secret|select |insert |update |relation|sqlstate/i);
}
