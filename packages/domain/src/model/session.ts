import { z } from 'zod';
import { agentSchema, namespaceSchema, sessionKeySchema } from './names.js';

/**
 * `active → dormant → expired` is computed from the time of the last activity whenever a session is looked at;
 * `completed` and `archived` are set by the owner.
 */
export const sessionStatuses = ['active', 'dormant', 'expired', 'completed', 'archived'] as const;
export const sessionStatusSchema = z.enum(sessionStatuses);
export type SessionStatus = z.infer<typeof sessionStatusSchema>;

/** A session as callers see it. Times are ISO 8601 UTC. */
export const sessionSchema = z.strictObject({
  sessionKey: sessionKeySchema,
  namespace: namespaceSchema,
  status: sessionStatusSchema,
  /** The agent that may write, hand over and close. */
  owner: agentSchema,
  /** Further agents that may append. Never holds the owner. */
  participants: z.array(agentSchema),
  /** The fencing token: grows by one whenever ownership moves. Begins at 1. */
  epoch: z.int().min(1),
  /** Grows with every change of the session itself, not with appends. Begins at 1. */
  version: z.int().min(1),
  /** The sequence of the newest entry; 0 when the log is empty. */
  lastSequence: z.int().min(0),
  title: z.string().optional(),
  metadata: z.record(z.string(), z.unknown()),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  lastActivityAt: z.iso.datetime(),
  /** Absent when the session never expires. */
  expiresAt: z.iso.datetime().optional(),
  /** The fields that are cut or left out to stay within the answer's budget. `listSessions` with this key and more `maxTokens` shows them whole. */
  truncated: z.array(z.string()).optional(),
});
export type Session = z.infer<typeof sessionSchema>;
