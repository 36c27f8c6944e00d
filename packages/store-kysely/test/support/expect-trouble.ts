import { ContextStoreError, type ErrorBody, type ErrorCode, type Written } from '@org/domain';
import { expect } from 'vitest';

const saysWhetherWritten: Readonly<Record<Written, RegExp>> = {
  no: / Nothing was written(; send the same call again)?\.$/,
  unknown: / It may have been carried out: /,
};

/** Expects the error of a database problem that may pass: typed, and free of secrets. */
export async function expectTrouble(
  call: Promise<unknown>,
  says: RegExp,
  code: ErrorCode = 'STORE_UNAVAILABLE',
): Promise<void> {
  await expectError(call, says, { code, retryable: true });
}

/** Expects the error of a problem that lasts until an operator solves it. */
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
  const { message, details } = error as ContextStoreError;
  if (code === 'STORE_UNAVAILABLE') expect(message).toMatch(saysWhetherWritten[details['written'] as Written]);
  expect(message).not.toMatch(/\n|secret|select |insert |update |relation/i);
}
