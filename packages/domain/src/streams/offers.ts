import { z } from 'zod';
import { signalSchema, type RequestCaller } from '../calling/caller.js';
import type { Calls } from '../calling/calls.js';
import type { UseCaseRunner } from '../calling/run-use-case.js';
import { isContextStoreError, type ContextStoreError } from '../errors.js';
import type { Handoff } from '../model/handoff.js';
import { roleSchema } from '../model/names.js';
import type { HandoffRecord } from '../ports/store.js';
import { presentHandoff } from '../rules/answers/present.js';
import { limits } from '../rules/limits.js';
import { list, listHandoffs } from '../use-cases/list-handoffs.js';
import { parseInput } from '../use-cases/use-case.js';
import { createBackoff, isRetryable } from '../waiting/backoff.js';
import { pause } from '../waiting/pause.js';
import { streamCaller } from './stream-caller.js';

/** Which offers `ContextStore.offers` waits for. */
export interface OffersOptions {
  /** Roles whose offers to wait for too. Default: none. */
  readonly roles?: readonly string[] | undefined;
  /** Ends the loop when it aborts. The signal of the view does so too. */
  readonly signal?: AbortSignal | undefined;
  /** Called with each error that the loop survives, before it tries again. Must not throw. Default: none is called. */
  readonly onError?: ((error: ContextStoreError) => void) | undefined;
}

export const offersShape = {
  roles: z.array(roleSchema).max(limits.roles).default([]),
  signal: signalSchema,
};

const optionsSchema = z.strictObject({
  ...offersShape,
  onError: z
    .custom<(error: ContextStoreError) => void>((value) => typeof value === 'function', 'must be a function')
    .optional(),
} satisfies Record<keyof OffersOptions, z.ZodType>);

export interface OffersParts {
  readonly runner: Pick<UseCaseRunner, 'contextOf' | 'actingAgent'>;
  readonly calls: Calls;
}

/** Waits for offers: see `ContextStore.offers`. @throws VALIDATION_ERROR at once */
export function streamOffers(
  parts: OffersParts,
  caller: RequestCaller,
  options: OffersOptions = {},
): AsyncGenerator<Handoff, void, void> {
  const { roles, signal, onError } = parseInput(optionsSchema, options, 'options');
  parts.runner.actingAgent(undefined, caller);
  return yieldOffers(parts, streamCaller(caller, signal), roles, onError);
}

async function* yieldOffers(
  parts: OffersParts,
  caller: RequestCaller,
  roles: string[],
  onError: OffersOptions['onError'],
): AsyncGenerator<Handoff, void, void> {
  const endings = [caller.signal, parts.calls.closing];
  const isOver = (): boolean => endings.some((ending) => ending?.aborted === true);
  const backoff = createBackoff(endings);
  const inbox = new OfferReader(parts, caller, roles);
  while (!isOver()) {
    let offers: readonly HandoffRecord[];
    try {
      offers = await inbox.next();
      backoff.reset();
    } catch (error) {
      if (isOver()) return;
      if (!isRetryable(error) && !inbox.beginsAgain(error)) throw error;
      onError?.(error);
      await backoff.pause(error);
      continue;
    }
    for (const handoff of offers) {
      if (isOver()) return;
      yield presentHandoff(handoff);
    }
  }
}

const pageSize = 20;

/** No lease is shorter. An offer that is listed twice within this time was not accepted in between. */
const shortestLeaseMs = 1000;

/** How long to wait until a lapse that a list has met is stored, and how often at most. */
const settleMs = 50;
const settleTries = 10;

/** Reads one inbox, and knows how far it has read. */
class OfferReader {
  readonly #parts: OffersParts;
  readonly #caller: RequestCaller;
  readonly #roles: string[];
  #cursor: string | undefined;
  /** The offers that were listed lately, by the store's clock. */
  readonly #listedAtMs = new Map<string, number>();

  constructor(parts: OffersParts, caller: RequestCaller, roles: string[]) {
    this.#parts = parts;
    this.#caller = caller;
    this.#roles = roles;
  }

  /**
   * Waits for offers that no earlier call has returned. Returns none if its time is up.
   *
   * Until the lapse of a lease is stored, each list repeats the offer that is pending again. So this lists again until
   * nothing is repeated: a later list could not tell a repetition from an offer that lapsed once more.
   */
  async next(): Promise<readonly HandoffRecord[]> {
    const { fresh, isRepetitive } = await this.#list(limits.waitSeconds);
    // A list that repeats itself does not wait.
    if (fresh.length === 0 && isRepetitive) await this.#pause(shortestLeaseMs / 2);
    for (let tries = 0; fresh.length > 0 && tries < settleTries; tries += 1) {
      // The call that waits next reports what fails here: what was listed must not get lost.
      const more = await this.#list(0).catch(() => undefined);
      if (more === undefined) break;
      fresh.push(...more.fresh);
      if (!more.isRepetitive) break;
      await this.#pause(settleMs);
    }
    return fresh;
  }

  /** After a restore of the database, the list must begin again: what is pending then may be new. */
  beginsAgain(error: unknown): error is ContextStoreError {
    const isCursorLost =
      isContextStoreError(error, 'VALIDATION_ERROR') && error.details.issues.some(({ path }) => path === 'cursor');
    if (isCursorLost) this.#cursor = undefined;
    return isCursorLost;
  }

  async #list(waitSeconds: number): Promise<{ readonly fresh: HandoffRecord[]; readonly isRepetitive: boolean }> {
    const { runner, calls } = this.#parts;
    const options = { roles: this.#roles, waitSeconds, limit: pageSize, cursor: this.#cursor };
    const asked = parseInput(listHandoffs.input, options);
    const limit = { waitMs: waitSeconds * 1000, mayWrite: false };
    const { handoffs, cursor } = await calls.run(limit, this.#caller.signal, (ending) =>
      list(runner.contextOf(this.#caller, ending), asked),
    );
    this.#cursor = cursor;
    const fresh = handoffs.filter((handoff) => !this.#isRepeated(handoff));
    return { fresh, isRepetitive: fresh.length < handoffs.length };
  }

  #isRepeated({ handoffId, observedAtMs }: HandoffRecord): boolean {
    for (const [id, atMs] of this.#listedAtMs)
      if (Math.abs(observedAtMs - atMs) >= shortestLeaseMs) this.#listedAtMs.delete(id);
    const isRepeated = this.#listedAtMs.has(handoffId);
    this.#listedAtMs.set(handoffId, observedAtMs);
    return isRepeated;
  }

  #pause(ms: number): Promise<void> {
    return pause(ms, [this.#caller.signal, this.#parts.calls.closing]);
  }
}
