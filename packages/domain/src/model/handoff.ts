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
export type RequestType = z.infer<typeof requestTypeSchema>;

/** The types of handoffs by which ownership moves. A move cancels all others of them that are pending. */
export const ownershipTypes = ['full_handoff', 'take_over'] as const satisfies readonly RequestType[];

/** Whether the acceptance of a handoff of this type moves ownership. */
export const movesOwnership = (requestType: RequestType): boolean =>
  ownershipTypes.some((type) => type === requestType);

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
export type HandoffStatus = z.infer<typeof handoffStatusSchema>;

export const handoffOutcomes = ['completed', 'rejected', 'cancelled', 'returned'] as const;
export const handoffOutcomeSchema = z.enum(handoffOutcomes);
export type HandoffOutcome = z.infer<typeof handoffOutcomeSchema>;

/** The id of a handoff. `requestHandoff` creates it. */
export const handoffIdSchema = storableText(64).min(1);

/** A handoff as callers see it. Times are ISO 8601 UTC. */
export const handoffSchema = z.strictObject({
  handoffId: handoffIdSchema,
  sessionKey: sessionKeySchema,
  /** The session's project. It says where the offer is shown; any agent that knows the `handoffId` may accept it. */
  project: projectSchema.optional(),
  requestType: requestTypeSchema,
  status: handoffStatusSchema,
  requestingAgent: agentSchema,
  /** An agent, or `role:NAME`. Absent if any agent may accept. Of a `take_over`: the owner that is asked. */
  targetAgent: targetAgentSchema.optional(),
  acceptedBy: agentSchema.optional(),
  /** The sequence of the newest entry when the handoff was requested. Its briefing covers the log up to there. */
  uptoSequence: z.int().min(0),
  summary: z.string().optional(),
  instructions: z.string().optional(),
  requestData: z.record(z.string(), z.unknown()).optional(),
  /**
   * Fields that are cut or left out to fit the answer's budget. `listHandoffs` with this `handoffId` and more
   * `maxTokens` shows them whole.
   */
  truncated: z.array(z.string()).optional(),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime().optional(),
  leaseExpiresAt: z.iso.datetime().optional(),
  resolvedAt: z.iso.datetime().optional(),
  reason: z.string().optional(),
  result: z.record(z.string(), z.unknown()).optional(),
});
export type Handoff = z.infer<typeof handoffSchema>;
