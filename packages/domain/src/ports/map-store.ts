import { storeOperations, type StoreOperation, type StoreOperations } from './store-operations.js';

/** One call of an operation of a store. */
export interface StoreCall<Answer> {
  readonly operation: StoreOperation;
  /** The caller's signal. Undefined if it gave none. */
  readonly signal: AbortSignal | undefined;
  /** Calls the operation with the caller's request. Default of `signal`: the caller's. */
  readonly run: (signal?: AbortSignal) => Promise<Answer>;
}

type Requests = { readonly [Name in StoreOperation]: Parameters<StoreOperations[Name]>[0] };
type Answers = { readonly [Name in StoreOperation]: Awaited<ReturnType<StoreOperations[Name]>> };
/** An operation, in the form by which the compiler matches the request and the answer of a name. */
type Operation<Name extends StoreOperation> = (request: Requests[Name], signal?: AbortSignal) => Promise<Answers[Name]>;

/**
 * Wraps each operation of a store in the same way: a call of the result calls `around`, which runs the operation.
 * Callers get the promise that `around` returns.
 *
 * The result has neither `ping` nor `close`, because the life of a store is for each layer to decide.
 *
 * @example
 * ```ts
 * function logged(store: Store): Store {
 *   return {
 *     ...mapStore(store, ({ operation, run }) => {
 *       console.log(operation);
 *       return run();
 *     }),
 *     ping: () => store.ping(),
 *     close: (withinMs) => store.close(withinMs),
 *   };
 * }
 * ```
 */
export function mapStore(
  store: StoreOperations,
  around: <Answer>(call: StoreCall<Answer>) => Promise<Answer>,
): StoreOperations {
  const operations: { readonly [Name in StoreOperation]: Operation<Name> } = store;
  const wrap =
    <Name extends StoreOperation>(operation: Name): Operation<Name> =>
    (request, signal) =>
      around({ operation, signal, run: (given = signal) => operations[operation](request, given) });
  // The façade does this for each call. `Object.fromEntries` would take twice as long.
  const mapped: Record<string, unknown> = {};
  for (const operation of storeOperations) mapped[operation] = wrap(operation);
  // The compiler cannot see that the loop has set each operation to a function of its type.
  return mapped as StoreOperations;
}
