import { z } from 'zod';
import { handoffIdSchema } from './handoff.js';
import { agentSchema } from './names.js';

/**
 * Which agents may ask for a session that they do not own. `participants`: its former owners, its participants, former
 * ones too, and agents that accepted one of its handoffs. `project`: these, and agents of the session's project.
 * `namespace`: any agent.
 */
export const takeOverPolicies = ['participants', 'project', 'namespace'] as const;
/** Which agents may ask for a session that they do not own: see {@link takeOverPolicies}. */
export type TakeOverPolicy = (typeof takeOverPolicies)[number];

/** A pending request to take a session over, as callers see it on the session. */
export const takeOverSchema = z.strictObject({
  /** The request, a handoff of type `take_over`. If several are pending, the one that lapses last. */
  handoffId: handoffIdSchema,
  /** The agent that asks for the session. */
  requestedBy: agentSchema,
  /** When the requester may accept it, if the owner does not write before. Each write of the owner moves it on. */
  acceptableAt: z.iso.datetime(),
});
export type { TakeOver } from './records.js';

/** What is known of the owner from which a session was taken over, so that the new owner knows what it may lack. */
export const tookOverSchema = z.strictObject({
  /** The former owner. */
  from: agentSchema,
  /** The newest entry that it appended. Absent if there is none since it became the owner. */
  lastSequence: z.int().min(1).optional(),
  /** When it last wrote to the session, appends or other calls. Absent if it did not since it became the owner. */
  lastWroteAt: z.iso.datetime().optional(),
});
export type { TookOver } from './records.js';
