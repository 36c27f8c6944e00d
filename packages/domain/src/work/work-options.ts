import { z } from 'zod';
import { signalSchema } from '../calling/caller.js';
import type { Briefing } from '../model/briefing.js';
import type { Handoff } from '../model/handoff.js';
import type { JsonObject } from '../model/json.js';
import { roleSchema } from '../model/names.js';
import type { Session } from '../model/session.js';
import { answerBudget } from '../rules/answers/answer-budget.js';
import { limits } from '../rules/limits.js';
import type { UseCaseInput, UseCaseResult } from '../use-cases/index.js';
import { parseInput } from '../use-cases/use-case.js';

/** How `ContextStore.work` takes and gives back handoffs. */
export interface WorkOptions {
  /** Roles whose offers to take too. Default: none. */
  readonly roles?: readonly string[] | undefined;
  /**
   * How long a handoff stays with this worker if the process dies, or loses its database, in seconds. The worker renews
   * its leases three times as often. Default: 60.
   */
  readonly leaseSeconds?: number | undefined;
  /** How many handlers run at the same time. Default: 1. */
  readonly concurrency?: number | undefined;
  /** The budget of the briefing and the rest of each acceptance, in estimated tokens. Default: 4,000. */
  readonly maxTokens?: number | undefined;
  /**
   * Drains the worker when it aborts: it takes nothing more, and waits for the handlers that run. The signal of the view
   * does so too.
   */
  readonly signal?: AbortSignal | undefined;
  /**
   * How long to wait for handlers when the worker is drained, in milliseconds. Then their signals abort, and their
   * handoffs are returned, which takes at most two seconds more. Default: 7,000, because supervisors often kill a process
   * ten seconds after SIGTERM.
   */
  readonly drainMs?: number | undefined;
  /**
   * Called with each failure: what a handler throws, a lease that was lost, an offer that could not be taken, and errors
   * of the store that the worker survives. `handoff` is the one concerned, if any. Must not throw. Default: failures of
   * handlers show only as the reasons of the returned handoffs.
   */
  readonly onError?: ((error: unknown, handoff?: Handoff) => void) | undefined;
}

/** One accepted handoff, as a handler of `ContextStore.work` gets it. */
export interface Work {
  /** The handoff, with its summary, instructions and data. */
  readonly handoff: Handoff;
  /** The session, which this worker owns while the handler runs. */
  readonly session: Session;
  /** What to read first: the state of the session, and its pinned and newest entries. */
  readonly briefing: Briefing;
  /**
   * Appends one entry to the session's log, fenced by the epoch: nothing is written once the session belongs to somebody
   * else. Waits for a store that is away as long as the lease lasts, and never appends twice.
   * @throws OWNERSHIP_LOST and all others of `updateContext`; the reason of `signal` once that has aborted
   */
  readonly append: (entry: WorkEntry) => Promise<UseCaseResult<'updateContext'>>;
  /**
   * Aborts when the work is no longer this worker's: the lease was lost, or the time to drain is over. The reason is the
   * error. What the handler returns or throws from then on is ignored.
   */
  readonly signal: AbortSignal;
}

/** An entry that a handler appends: the arguments of `updateContext` without those that the worker knows. */
export type WorkEntry = Omit<UseCaseInput<'updateContext'>, 'sessionKey' | 'agent' | 'epoch'>;

/**
 * Does the work of one handoff. What it returns becomes the `result` of the completed handoff; what it throws, the
 * `reason` of the returned one.
 */
export type WorkHandler = (work: Work) => Promise<JsonObject | void> | JsonObject | void;

const defaultLeaseSeconds = 60;
const defaultDrainMs = 7000;

const optionsSchema = z.strictObject({
  roles: z.array(roleSchema).max(limits.roles).default([]),
  leaseSeconds: z.int().min(1).max(limits.leaseSeconds).default(defaultLeaseSeconds),
  concurrency: z.int().min(1).default(1),
  maxTokens: answerBudget(4000, limits.minAcceptanceTokens),
  signal: signalSchema,
  drainMs: z.int().min(0).max(limits.callTimeoutMs).default(defaultDrainMs),
  onError: z
    .custom<NonNullable<WorkOptions['onError']>>((value) => typeof value === 'function', 'must be a function')
    .optional(),
} satisfies Record<keyof WorkOptions, z.ZodType>);

export type WorkSettings = z.output<typeof optionsSchema>;

/** @throws VALIDATION_ERROR (names every wrong option) */
export const parseWorkOptions = (options: WorkOptions): WorkSettings => parseInput(optionsSchema, options, 'options');
