import { z } from 'zod';
import { agentSchema, namespaceSchema, sessionKeySchema } from './names.js';
import { projectSchema } from './project.js';
import { takeOverSchema } from './take-over.js';

/**
 * `active`, `dormant` and `expired` are computed from the time of the last activity, whenever a session is read. The
 * owner sets `completed` and `archived`.
 */
export const sessionStatuses = ['active', 'dormant', 'expired', 'completed', 'archived'] as const;
export const sessionStatusSchema = z.enum(sessionStatuses);
/** The status of a session. */
export type SessionStatus = (typeof sessionStatuses)[number];

/** A session as callers see it. Times are ISO 8601 UTC. */
export const sessionSchema = z.strictObject({
  /** Its name, unique in its namespace. */
  sessionKey: sessionKeySchema,
  /** The tenant that it belongs to. */
  namespace: namespaceSchema,
  /** Its status at the time of the answer. */
  status: sessionStatusSchema,
  /** The agent that may write, hand over and close. */
  owner: agentSchema,
  /** Other agents that may append. Never includes the owner. */
  participants: z.array(agentSchema),
  /** The fencing token: starts at 1, and grows by one whenever ownership moves. */
  epoch: z.int().min(1),
  /** Starts at 1, and grows with every change of the session itself. Appends do not change it. */
  version: z.int().min(1),
  /** The sequence of the newest entry, or 0 if the log is empty. */
  lastSequence: z.int().min(0),
  /** Its title for people. */
  title: z.string().optional(),
  /** Where the work belongs. Absent if it belongs nowhere: every list shows it. */
  project: projectSchema.optional(),
  /** Data for programs. */
  metadata: z.record(z.string(), z.unknown()),
  /** When it was registered. */
  createdAt: z.iso.datetime(),
  /** When the session itself last changed. Appends do not change it. */
  updatedAt: z.iso.datetime(),
  /** When an agent last wrote to it, handed it over or changed it. */
  lastActivityAt: z.iso.datetime(),
  /** When it expires unless an agent writes to it. Absent if it never does. */
  expiresAt: z.iso.datetime().optional(),
  /** Present while an agent asks for the session. The owner declines or yields; if it is silent, it loses the session. */
  takeOver: takeOverSchema.optional(),
  /**
   * Fields that are cut or left out to fit the answer's budget. `listSessions` with this `sessionKey` and more
   * `maxTokens` shows them whole.
   */
  truncated: z.array(z.string()).optional(),
});
export type { Session } from './records.js';
