import { randomUUID } from 'node:crypto';
import type { RequestCaller } from '../calling/caller.js';
import type { Calls } from '../calling/calls.js';
import type { UseCaseRunner } from '../calling/run-use-case.js';
import { isContextStoreError } from '../errors.js';
import type { Handoff } from '../model/handoff.js';
import type { ClaimedHandoff, ClaimHandoff, Replayable, Store } from '../ports/store.js';
import { withoutUndefined } from '../rules/answers/present.js';
import { streamOffers } from '../streams/offers.js';
import { streamCaller } from '../streams/stream-caller.js';
import type { UseCaseInput, UseCaseName, UseCaseResult } from '../use-cases/index.js';
import { retry } from '../waiting/retry.js';
import { untilAborted } from '../waiting/until-aborted.js';
import { createDrain } from './drain.js';
import { runJob, type Accepted } from './job.js';
import { createJobs } from './jobs.js';
import { parseWorkOptions, type WorkHandler, type WorkOptions, type WorkSettings } from './work-options.js';

export interface WorkParts {
  readonly runner: UseCaseRunner;
  readonly store: Store;
  readonly calls: Calls;
}

/** What the jobs of one worker share. */
export interface Worker {
  /** Runs a use case as this worker. */
  readonly run: <Name extends UseCaseName>(
    name: Name,
    input: UseCaseInput<Name>,
    signal?: AbortSignal,
  ) => Promise<UseCaseResult<Name>>;
  /** Returns the claim of a handoff by this worker. */
  readonly claimOf: (handoff: Handoff) => LeasedClaim;
  readonly renew: (claim: ClaimHandoff) => Promise<Replayable<ClaimedHandoff>>;
  readonly report: (error: unknown, handoff?: Handoff) => void;
  /** Aborts when the time to drain is over. */
  readonly timeUp: AbortSignal;
  /** Aborts when the store is closed. */
  readonly closing: AbortSignal;
}

/** A claim on a lease. */
export type LeasedClaim = ClaimHandoff & { readonly leaseMs: number };

/** Works on handoffs: see `ContextStore.work`. */
export async function work(
  parts: WorkParts,
  viewCaller: RequestCaller,
  options: WorkOptions,
  handler: WorkHandler,
): Promise<void> {
  const settings = parseWorkOptions(options);
  const { signal, ...unstopped } = streamCaller(viewCaller, settings.signal);
  // Each worker is a process of its own to the store, so that it shares no acceptance with another one of its agent.
  const caller = { ...unstopped, process: randomUUID() };
  const drain = createDrain([signal, parts.calls.closing], settings.drainMs);
  const { stop, timeUp } = drain;
  const worker = createWorker(parts, caller, settings, timeUp);
  const jobs = createJobs(settings.concurrency);
  try {
    const { roles } = settings;
    for await (const offer of streamOffers(parts, caller, { roles, signal: stop, onError: worker.report })) {
      // Others bring no ownership: they stay pending for the agent that reads or collaborates.
      if (offer.requestType !== 'full_handoff') continue;
      const accepted = await untilAborted(timeUp, accept(worker, offer, settings, stop));
      // A repeated answer to what a handler is at work on already.
      if (accepted === undefined || jobs.has(accepted)) continue;
      jobs.add(accepted, runJob(worker, accepted, handler));
      await jobs.untilFree(stop);
    }
  } finally {
    drain.begin();
    await jobs.untilDone();
    drain.end();
  }
}

function createWorker(
  { runner, store, calls }: WorkParts,
  caller: RequestCaller & { readonly process: string },
  { leaseSeconds, onError }: WorkSettings,
  timeUp: AbortSignal,
): Worker {
  const agent = runner.actingAgent(undefined, caller);
  const namespace = runner.namespaceOf(caller);
  const claim = { namespace, agent, claimant: caller.process, leaseMs: leaseSeconds * 1000 };
  return {
    run: (name, input, signal) => runner.run(name, input, { ...caller, signal }),
    claimOf: ({ handoffId }) => ({ ...claim, handoffId }),
    renew: (renewed) =>
      calls.run({ waitMs: 0, mayWrite: true }, undefined, (ending) => store.claimHandoff(renewed, ending)),
    report: (error, handoff) => {
      try {
        onError?.(error, handoff);
      } catch (defect) {
        // A defect of the listener: neither the worker nor its handlers see it.
        queueMicrotask(() => {
          throw defect;
        });
      }
    },
    timeUp,
    closing: calls.closing,
  };
}

/** The codes of an offer that is no longer there. */
const lostRaces = ['HANDOFF_CLAIMED', 'HANDOFF_NOT_PENDING', 'HANDOFF_EXPIRED', 'HANDOFF_NOT_FOUND'] as const;

/** Accepts an offer. Returns undefined, and reports why, if it cannot. Losing a race is no failure. */
async function accept(
  worker: Worker,
  offer: Handoff,
  { leaseSeconds, maxTokens }: WorkSettings,
  stop: AbortSignal,
): Promise<Accepted | undefined> {
  const { handoffId, summary, instructions, requestData } = offer;
  let sinceMs = 0;
  const send = (): Promise<UseCaseResult<'acceptHandoff'>> => {
    sinceMs = performance.now();
    return worker.run('acceptHandoff', { handoffId, leaseSeconds, maxTokens });
  };
  try {
    const { handoff, session, briefing } = await retry(send, {
      endings: [stop],
      onRetry: (error) => worker.report(error, offer),
    });
    // The acceptance has the texts of the offer in its briefing alone, and may cut its data.
    const { truncated: _, ...whole } = { ...handoff, summary, instructions, requestData };
    return { handoff: withoutUndefined(whole), session, briefing, sinceMs };
  } catch (error) {
    if (!isContextStoreError(error, ...lostRaces)) worker.report(error, offer);
    return undefined;
  }
}
