import { isContextStoreError, type Entry, type Handoff, type RequestType, type Session } from '@org/domain';
import { readHandoffs } from './targets/read-pages.js';
import type { Target } from './targets/target.js';

/** A time during which one agent owned a session. */
export interface Custody {
  readonly owner: string;
  /** When it began. ISO 8601 in UTC. */
  readonly since: string;
  /** Present if it began some time after `since`, when the handoff was accepted: that time is not recorded. */
  readonly isAfter?: true;
  /** How the agent became the owner. */
  readonly by: 'registration' | 'return' | 'operator' | RequestType;
  /** The handoff that moved the session. */
  readonly handoffId?: string;
}

/** The owners of a session, the first one first. */
export interface CustodyHistory {
  readonly custody: readonly Custody[];
  /** How many further moves there were, by the session's epoch. */
  readonly unknownMoves: number;
}

interface Move {
  /** The owner before. */
  readonly from: string;
  /** The time that begins with the move. */
  readonly period: Custody;
}

/** Enough for the longest log that a person reads, and a bound for all others. */
const mostAgents = 50;
const mostHandoffs = 500;
const mostSystemEntries = 1000;

/**
 * Finds who owned a session when, as far as its log and the handoffs tell. Take-overs are in the log; other handoffs are
 * in the outboxes of agents, of which a server shows only the caller's own.
 */
export async function findCustody(target: Target, session: Session, known: readonly Entry[]): Promise<CustodyHistory> {
  const movesMade = session.epoch - 1;
  const moves = movesMade === 0 ? [] : await findMoves(target, session, known);
  const ordered = moves.toSorted((a, b) => Date.parse(a.period.since) - Date.parse(b.period.since));
  const first = ordered[0]?.from ?? session.owner;
  const isComplete = ordered.length === movesMade;
  const start: Custody = { owner: first, since: session.createdAt, by: 'registration' };
  const custody = isComplete || ordered.length > 0 ? [start, ...ordered.map(({ period }) => period)] : [];
  return { custody, unknownMoves: Math.max(0, movesMade - ordered.length) };
}

async function findMoves(target: Target, session: Session, known: readonly Entry[]): Promise<Move[]> {
  const takeOvers = await findTakeOvers(target, session.sessionKey);
  const agents = new Set([session.owner, ...session.participants, ...known.map(({ agent }) => agent)]);
  for (const { from, period } of takeOvers) agents.add(from).add(period.owner);
  const moves = [...takeOvers];
  // Grows while it is read: each handoff may name further agents.
  for (const agent of agents) {
    if (agents.size > mostAgents) break;
    for (const handoff of await handoffsOf(target, agent, session.sessionKey)) {
      agents.add(handoff.requestingAgent);
      if (handoff.acceptedBy !== undefined) agents.add(handoff.acceptedBy);
      moves.push(...movesOf(handoff));
    }
  }
  return moves;
}

async function findTakeOvers(target: Target, sessionKey: string): Promise<Move[]> {
  const moves: Move[] = [];
  let read = 0;
  for await (const { agent, createdAt, metadata } of target.entries({ sessionKey, types: ['system'] })) {
    const { from, by, handoffId } = (metadata['takeOver'] ?? {}) as Record<string, unknown>;
    if (typeof from === 'string')
      moves.push({
        from,
        period: {
          owner: agent,
          since: createdAt,
          by: by === 'operator' ? 'operator' : 'take_over',
          ...(typeof handoffId === 'string' && { handoffId }),
        },
      });
    read += 1;
    if (read === mostSystemEntries) break;
  }
  return moves;
}

async function handoffsOf(target: Target, agent: string, sessionKey: string): Promise<Handoff[]> {
  try {
    const { handoffs } = await readHandoffs(target, {
      agent,
      direction: 'outbox',
      project: '*',
      limit: mostHandoffs,
    });
    return handoffs.filter((handoff) => handoff.sessionKey === sessionKey);
  } catch (error) {
    // The key of a server names its agent, and may not look into the outbox of another one.
    if (isContextStoreError(error, 'FORBIDDEN')) return [];
    throw error;
  }
}

function movesOf(handoff: Handoff): Move[] {
  const { handoffId, requestType, requestingAgent, acceptedBy, createdAt, resolvedAt, status } = handoff;
  // A take-over is in the log, with its time.
  if (requestType !== 'full_handoff' || acceptedBy === undefined) return [];
  const given: Move = {
    from: requestingAgent,
    period: { owner: acceptedBy, since: createdAt, isAfter: true, by: requestType, handoffId },
  };
  if (status !== 'returned' || resolvedAt === undefined) return [given];
  const period: Custody = { owner: requestingAgent, since: resolvedAt, by: 'return', handoffId };
  return [given, { from: acceptedBy, period }];
}
