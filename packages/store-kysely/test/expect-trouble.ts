import { ContextStoreError, type ErrorBody, type ErrorCode } from '@org/domain';
import { expect } from 'vitest';

/** Expects the one error by which trouble with the database is told: typed, fit to show to anyone, and over by itself. */
export async function expectTrouble(
  call: Promise<unknown>,
  says: RegExp,
  code: ErrorCode = 'STORE_UNAVAILABLE',
): Promise<void> {
  await expectError(call, says, { code, retryable: true });
}

/** The same for trouble that lasts until somebody does something about it. */
export async function expectLastingTrouble(call: Promise<unknown>, says: RegExp): Promise<void> {
  await expectError(call, says, { code: 'STORE_UNAVAILABLE', retryable: false });
}

async function expectError(
  call: Promise<unknown>,
  says: RegExp,
  { code, retryable }: Pick<ErrorBody, 'code' | 'retryable'>,
): Promise<void> {
  const error: unknown = await call.then(
    () => expect.fail(`expected ${code}`),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ContextStoreError);
  expect(error).toMatchObject({ code, retryable, message: expect.stringMatching(says) as string });
  const { message } = error as ContextStoreError;
  expect(message).not.toMatch(/\n|secret|select |insert |update |relation/i);
}
