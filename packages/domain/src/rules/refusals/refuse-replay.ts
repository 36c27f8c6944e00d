import { ContextStoreError } from '../../errors.js';
import type { Idempotency } from '../../ports/store.js';

/** Returns why the answer recorded under this key is not that of this call, or undefined if it is. */
export function refuseReplay(
  recorded: { readonly requestHash: string },
  idempotency: Idempotency,
): ContextStoreError | undefined {
  if (recorded.requestHash === idempotency.requestHash) return undefined;
  return new ContextStoreError(
    'IDEMPOTENCY_MISMATCH',
    `idempotencyKey ${idempotency.key} was used for a ${idempotency.tool} call with other input. Use a new key for a new call.`,
    { idempotencyKey: idempotency.key, tool: idempotency.tool },
  );
}
