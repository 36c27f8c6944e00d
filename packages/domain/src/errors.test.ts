import { describe, expect, it } from 'vitest';
import { afterWriting, ContextStoreError, storeUnavailable } from './errors.js';

const away = () => Promise.reject(storeUnavailable('The database is away.', { written: 'no' }));

describe('the error of a store that cannot be used', () => {
  it.for([
    ['no', undefined, 'It is away. Nothing was written; send the same call again.'],
    ['no', false, 'It is away. Nothing was written.'],
    [
      'unknown',
      undefined,
      'It is away. It may have been carried out: repeat it with the same idempotencyKey, or look before you repeat it.',
    ],
  ] as const)('says what may have been written: %s, retryable %s', ([written, retryable, message]) => {
    expect(storeUnavailable('It is away.', { written, retryable, details: { folder: '/a' } }).toJSON()).toEqual({
      code: 'STORE_UNAVAILABLE',
      message,
      retryable: retryable ?? true,
      details: { folder: '/a', written },
    });
  });

  it('says that something may have been written when a read fails after a write', async () => {
    await expect(afterWriting(away())).rejects.toMatchObject({
      message: expect.stringMatching(/^The database is away\. It may have been carried out/) as string,
      details: { written: 'unknown' },
    });
    const other = new ContextStoreError('SESSION_NOT_FOUND', 'No such session.', { sessionKey: 'a' });
    await expect(afterWriting(Promise.reject(other))).rejects.toBe(other);
  });
});
