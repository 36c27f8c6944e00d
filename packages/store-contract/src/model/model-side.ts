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

/** Times in texts: in messages, and in the entries of take-overs. */
const isoTimes = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g;

/** The outcome of a call, in a form that does not depend on the store. */
export type Outcome =
  | { readonly answer: unknown }
  | { readonly refusal: ErrorBody }
  /** An error other than a refusal. Always a difference, even if both stores throw it. */
  | { readonly defect: string };

/**
 * One of the two stores that play a script. To compare them, instants (numbers, or in texts) become ticks since the start, and random ids
 * become ordinals by first appearance. Positions in lists are not compared.
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
      if (error instanceof ContextStoreError) return { refusal: this.#comparable(error.toJSON()) as ErrorBody };
      return { defect: String(error) };
    }
  }

  #comparable(value: unknown, name = ''): unknown {
    if (typeof value === 'number' && name.endsWith('AtMs')) return `tick ${this.#tick(value)}`;
    // What is left until a deadline gets shorter while a script runs, by less than a tick.
    if (typeof value === 'number' && name === 'retryAfterMs') return `${Math.ceil(value / tickMs)} ticks`;
    if (typeof value === 'string' && name === 'uid') return `uid ${this.#ordinal(value)}`;
    if (typeof value === 'string') return value.replaceAll(isoTimes, (time) => `tick ${this.#tick(Date.parse(time))}`);
    if (Array.isArray(value)) return value.map((member) => this.#comparable(member));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(isHandoff(value) ? { ...value, status: handoffStatus(value) } : value)
        .filter(([, member]) => member !== undefined)
        .map(([key, member]) => [key, this.#comparable(member, key)]),
    );
  }

  /** Rounds down: the clock moves by whole ticks, and the run time of a script is far less than one. */
  #tick(instantMs: number): number {
    return Math.floor((instantMs - this.#startMs) / tickMs);
  }

  #ordinal(uid: string): number {
    if (!this.#uids.includes(uid)) this.#uids.push(uid);
    return this.#uids.indexOf(uid);
  }
}

/**
 * Whether a value is a handoff. Its stored status may be `pending` or `expired` after the deadline; callers see the
 * same.
 */
const isHandoff = (value: object): value is HandoffRecord => 'handoffId' in value && 'status' in value;

/** Reads the store's clock, in epoch milliseconds. */
export async function clockOf(store: Store): Promise<number> {
  const ref = { namespace: `clock-${randomUUID()}`, sessionKey: 'now' };
  const { session } = await store.createSession({ ...ref, agent: 'ann', metadata: {}, ifExists: 'error' });
  await store.deleteSession(ref);
  return session.createdAtMs;
}
