import { createContextStore, type ContextStoreError } from '@org/domain';
import { createMemoryStore } from '@org/store-contract';
import { expect, it } from 'vitest';
import { reportError } from './report-error.js';

const outcomeOf = (call: Promise<unknown>): Promise<unknown> => call.catch((error: unknown) => error);

it('tells clients of a store that a stopping server has closed to send the same call again', async () => {
  const contextStore = createContextStore({ store: createMemoryStore() });
  await contextStore.close();
  const heard: ContextStoreError[] = [];
  const closed = await outcomeOf(contextStore.listSessions({}));
  expect(closed).toMatchObject({ code: 'STORE_CLOSED', retryable: false });
  expect(reportError(closed, { requestId: 'r' }, (error) => heard.push(error))).toEqual({
    code: 'STORE_UNAVAILABLE',
    message: 'The server is stopping. Nothing was written; send the same call again.',
    retryable: true,
    details: { written: 'no' },
    requestId: 'r',
  });
  expect(heard).toMatchObject([{ code: 'STORE_UNAVAILABLE' }]);
});

it('reports a call that its client gave up as cancelled, and no defect to the operator', async () => {
  const contextStore = createContextStore({ store: createMemoryStore() });
  const heard: ContextStoreError[] = [];
  const signal = AbortSignal.abort(new Error('the client left'));
  const left = await outcomeOf(contextStore.as({ signal }).listSessions({}));
  expect(reportError(left, { signal }, (error) => heard.push(error))).toMatchObject({ code: 'CANCELLED' });
  expect(heard).toEqual([]);
});
