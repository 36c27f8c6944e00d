import { z } from 'zod';
import { storableText } from './json.js';
import { agentSchema, sessionKeySchema, targetAgentSchema } from './names.js';
import { projectSchema } from './project.js';

/** The types of handoffs that a session's owner or participants offer. */
export const offerTypes = ['context_transfer', 'collaboration', 'full_handoff'] as const;
export type OfferType = (typeof offerTypes)[number];

/**
 * What acceptance does. `context_transfer`: the acceptor gets a briefing; the owner keeps the session. `collaboration`:
 * the acceptor becomes a participant. `full_handoff`: the acceptor becomes the owner, and the old owner is fenced out.
 * `take_over` is no offer: an agent asks the owner for the session, and accepts it itself once the owner has been silent
 * for the deadline.
 */
export const requestTypes = [...offerTypes, 'take_over'] as const;
export const requestTypeSchema = z.enum(requestTypes);
/** What acceptance of a handoff does: see {@link requestTypes}. */
export type RequestType = (typeof requestTypes)[number];

/** The types of handoffs by which ownership moves. A move cancels all others of them that are pending. */
export const ownershipTypes = ['full_handoff', 'take_over'] as const satisfies readonly RequestType[];

/** Whether the acceptance of a handoff of this type moves ownership. */
export const movesOwnership = (requestType: RequestType): boolean =>
  ownershipTypes.some((type) => type === requestType);

/** Every status of a handoff: see the state diagram in docs/guides/handoffs.md. */
export const handoffStatuses = [
  'pending',
  'accepted',
  'completed',
  'rejected',
  'cancelled',
  'expired',
  'returned',
] as const;
export const handoffStatusSchema = z.enum(handoffStatuses);
/** The status of a handoff. */
export type HandoffStatus = (typeof handoffStatuses)[number];

export const handoffOutcomes = ['completed', 'rejected', 'cancelled', 'returned'] as const;
export const handoffOutcomeSchema = z.enum(handoffOutcomes);
/** How a handoff ends. */
export type HandoffOutcome = (typeof handoffOutcomes)[number];

/** The id of a handoff. `requestHandoff` creates it. */
export const handoffIdSchema = storableText(64).min(1);

/** A handoff as callers see it. Times are ISO 8601 UTC. */
export const handoffSchema = z.strictObject({
  /** Its id, which `acceptHandoff` and `resolveHandoff` take. */
  handoffId: handoffIdSchema,
  /** The session that is offered. */
  sessionKey: sessionKeySchema,
  /** The session's project. It says where the offer is shown; any agent that knows the `handoffId` may accept it. */
  project: projectSchema.optional(),
  /** What acceptance does. */
  requestType: requestTypeSchema,
  /** Its status at the time of the answer. */
  status: handoffStatusSchema,
  /** The agent that offers the session. */
  requestingAgent: agentSchema,
  /** An agent, or `role:NAME`. Absent if any agent may accept. Of a `take_over`: the owner that is asked. */
  targetAgent: targetAgentSchema.optional(),
  /** The agent that accepted it. Absent while it is pending. */
  acceptedBy: agentSchema.optional(),
  /** The sequence of the newest entry when the handoff was requested. Its briefing covers the log up to there. */
  uptoSequence: z.int().min(0),
  /** Goal, state, decisions and open questions, by the requesting agent. */
  summary: z.string().optional(),
  /** What to do next, by the requesting agent. */
  instructions: z.string().optional(),
  /** Data for programs, by the requesting agent. */
  requestData: z.record(z.string(), z.unknown()).optional(),
  /**
   * Fields that are cut or left out to fit the answer's budget. `listHandoffs` with this `handoffId` and more
   * `maxTokens` shows them whole.
   */
  truncated: z.array(z.string()).optional(),
  /** When it was requested. */
  createdAt: z.iso.datetime(),
  /** When the offer lapses if no agent accepts it. */
  expiresAt: z.iso.datetime().optional(),
  /** When the acceptor loses the session if it does not write. Absent without a lease. */
  leaseExpiresAt: z.iso.datetime().optional(),
  /** When it was completed, rejected, cancelled or returned. */
  resolvedAt: z.iso.datetime().optional(),
  /** Why it was resolved like this. */
  reason: z.string().optional(),
  /** What came of it: data for programs, by the acceptor. */
  result: z.record(z.string(), z.unknown()).optional(),
});
export type { Handoff } from './records.js';
