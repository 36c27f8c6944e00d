import type { Entry } from '../../model/entry.js';
import type { Handoff } from '../../model/handoff.js';
import type { Session } from '../../model/session.js';
import type { TakeOver, TookOver } from '../../model/take-over.js';
import type { EntryRecord, HandoffRecord, SessionRecord } from '../../ports/store.js';
import type { TakeOverNotice, TookOverRecord } from '../../ports/take-over.js';
import { isoTime } from '../text/iso-time.js';
import { handoffStatus } from '../handoffs/handoff-transitions.js';
import { takeOverNotice } from '../handoffs/take-over.js';
import { expiresAtMs, sessionStatus } from '../sessions/session-status.js';

const isoTimeIfAny = (ms: number | undefined): string | undefined => (ms === undefined ? undefined : isoTime(ms));

/** The settings that decide what callers see of a session. */
export interface SessionSettings {
  readonly dormantAfterMs: number;
  readonly takeOverAfterMs: number;
}

/** Returns a session as callers see it. */
export function presentSession(session: SessionRecord, { dormantAfterMs, takeOverAfterMs }: SessionSettings): Session {
  const takeOver = takeOverNotice(session);
  return withoutUndefined({
    sessionKey: session.sessionKey,
    namespace: session.namespace,
    status: sessionStatus(session, dormantAfterMs),
    owner: session.owner,
    participants: [...session.participants],
    epoch: session.epoch,
    version: session.version,
    lastSequence: session.lastSequence,
    title: session.title,
    project: session.project,
    metadata: session.metadata,
    createdAt: isoTime(session.createdAtMs),
    updatedAt: isoTime(session.updatedAtMs),
    lastActivityAt: isoTime(session.lastActivityAtMs),
    expiresAt: isoTimeIfAny(expiresAtMs(session)),
    takeOver: takeOver && presentTakeOver(takeOver, takeOverAfterMs),
  });
}

/** Returns a request to take a session over as the session's writers see it. */
export const presentTakeOver = (
  { handoffId, requestedBy, lastSignAtMs }: TakeOverNotice,
  takeOverAfterMs: number,
): TakeOver => ({ handoffId, requestedBy, acceptableAt: isoTime(lastSignAtMs + takeOverAfterMs) });

/** Returns what is known of a former owner as the new owner sees it. */
export const presentTookOver = ({ from, lastSequence, lastWroteAtMs }: TookOverRecord): TookOver =>
  withoutUndefined({ from, lastSequence, lastWroteAt: isoTimeIfAny(lastWroteAtMs) });

/** Returns an entry as callers see it. `contentOffset` says where the record's content begins. */
export function presentEntry(entry: EntryRecord, contentOffset: number): Entry {
  // Assigned, not deleted when undefined: pages hold many entries, and objects that lost a field serialise slowly.
  const shown: Entry = {
    sequence: entry.sequence,
    contextType: entry.contextType,
    agent: entry.agent,
    content: entry.content,
    contentBytes: entry.contentBytes,
    estimatedTokens: entry.estimatedTokens,
    metadata: entry.metadata,
    createdAt: isoTime(entry.createdAtMs),
  };
  if (entry.pinned) shown.pinned = true;
  if (entry.contentCut) {
    shown.truncated = true;
    shown.nextContentOffset = contentOffset + [...entry.content].length;
  }
  return shown;
}

/** Returns a handoff as callers see it, with all of its fields. */
export function presentHandoff(handoff: HandoffRecord): Handoff {
  return withoutUndefined({
    handoffId: handoff.handoffId,
    sessionKey: handoff.sessionKey,
    project: handoff.project,
    requestType: handoff.requestType,
    status: handoffStatus(handoff),
    requestingAgent: handoff.requestingAgent,
    targetAgent: handoff.targetAgent,
    acceptedBy: handoff.acceptedBy,
    uptoSequence: handoff.uptoSequence,
    summary: handoff.summary,
    instructions: handoff.instructions,
    requestData: handoff.requestData,
    createdAt: isoTime(handoff.createdAtMs),
    expiresAt: isoTimeIfAny(handoff.expiresAtMs),
    leaseExpiresAt: isoTimeIfAny(handoff.leaseExpiresAtMs),
    resolvedAt: isoTimeIfAny(handoff.resolvedAtMs),
    reason: handoff.reason,
    result: handoff.result,
  });
}

/** Deletes fields that are undefined, so that library callers see the same as MCP clients. Changes `value`. */
export function withoutUndefined<T extends object>(value: T): T {
  for (const key of Object.keys(value) as (keyof T)[]) {
    if (value[key] === undefined) delete value[key];
  }
  return value;
}
