import { randomUUID } from 'node:crypto';
import {
  ContextStoreError,
  handoffStatus,
  type ErrorBody,
  type HandoffPosition,
  type HandoffRecord,
  type Store,
} from '@org/domain';
import { tickMs } from './model-script.js';
import type { StoreHarness } from '../harness/store-harness.js';

/** What a call came to, in a form that two stores can be compared by. */
export type Outcome =
  | { readonly answer: unknown }
  | { readonly refusal: ErrorBody }
  /** Neither an answer nor a refusal: a defect, whatever the other store says. */
  | { readonly defect: string };

/**
 * One of the two stores that play a script. Instants become ticks since the script began, random ids become the order in
 * which they were first seen, and positions in lists stay on their side.
 */
export class ModelSide {
  readonly store: Store;
  readonly advance: StoreHarness['advance'];
  /** Where each listing of the script ended. */
  readonly positions: HandoffPosition[] = [];
  readonly #uids: string[] = [];
  readonly #startMs: number;

  constructor({ store, advance }: Pick<StoreHarness, 'store' | 'advance'>, startMs: number) {
    this.store = store;
    this.advance = advance;
    this.#startMs = startMs;
  }

  async outcome(run: (side: ModelSide) => Promise<unknown>): Promise<Outcome> {
    try {
      return { answer: this.#comparable(await run(this)) };
    } catch (error) {
      if (error instanceof ContextStoreError) return { refusal: error.toJSON() };
      return { defect: String(error) };
    }
  }

  #comparable(value: unknown, name = ''): unknown {
    if (typeof value === 'number' && name.endsWith('AtMs')) return `tick ${this.#tick(value)}`;
    if (typeof value === 'string' && name === 'uid') return `uid ${this.#ordinal(value)}`;
    if (Array.isArray(value)) return value.map((member) => this.#comparable(member));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(isHandoff(value) ? { ...value, status: handoffStatus(value) } : value)
        .filter(([, member]) => member !== undefined)
        .map(([key, member]) => [key, this.#comparable(member, key)]),
    );
  }

  /** The clock moves by whole ticks, and a script takes far less than one by itself. */
  #tick(instantMs: number): number {
    return Math.floor((instantMs - this.#startMs) / tickMs);
  }

  #ordinal(uid: string): number {
    if (!this.#uids.includes(uid)) this.#uids.push(uid);
    return this.#uids.indexOf(uid);
  }
}

/** A store may write down that an offer expired, or leave it pending: callers see the same. */
const isHandoff = (value: object): value is HandoffRecord => 'handoffId' in value && 'status' in value;

/** The store's clock now. */
export async function clockOf(store: Store): Promise<number> {
  const ref = { namespace: `clock-${randomUUID()}`, sessionKey: 'now' };
  const { session } = await store.createSession({ ...ref, agent: 'ann', metadata: {}, ifExists: 'error' });
  await store.deleteSession(ref);
  return session.createdAtMs;
}
