import type { UseCaseInput, UseCaseName } from '@org/domain';

/** What a call does to the store, as the protocol's annotations say it. */
export interface ToolEffects {
  readonly readOnlyHint: boolean;
  /** Whether something that was recorded can be lost. Otherwise a call only adds. */
  readonly destructiveHint: boolean;
  /** Whether the same call again changes nothing more. */
  readonly idempotentHint: boolean;
}

const reads: ToolEffects = { readOnlyHint: true, destructiveHint: false, idempotentHint: true };
const adds: ToolEffects = { readOnlyHint: false, destructiveHint: false, idempotentHint: false };
const addsOnce: ToolEffects = { ...adds, idempotentHint: true };
const replaces: ToolEffects = { readOnlyHint: false, destructiveHint: true, idempotentHint: false };

/** What a model reads about one tool. */
export interface ToolDescription<Name extends UseCaseName> {
  /** When to use it: the name and the arguments already say what it does. */
  readonly description: string;
  /** What a person sees instead of the name. */
  readonly title: string;
  readonly effects: ToolEffects;
  /** Only arguments whose name does not say enough. */
  readonly arguments?: { readonly [Argument in keyof UseCaseInput<Name>]?: string };
}

/**
 * Every word here is paid for by every client in every conversation; a test holds `tools/list` to its budget.
 * `agent`, `idempotencyKey`, `sessionKey` and `epoch` are explained once, in the server's instructions.
 */
export const toolDescriptions: { readonly [Name in UseCaseName]: ToolDescription<Name> } = {
  registerSession: {
    title: 'Register a session',
    description:
      'Use when starting work that should outlive this conversation, or with ifExists=resume to go on with a session you own.',
    effects: adds,
    arguments: {
      sessionKey: 'Absent: a new one is made.',
      agentFrom: 'Same as agent.',
      ttlSeconds: 'Expires after this long without activity. Default: never, unless the server sets one.',
    },
  },
  updateContext: {
    title: 'Append to a session',
    description:
      'Use as you work, to record what a successor needs: decisions, results, files, tool calls. Appends one entry that cannot be changed.',
    effects: adds,
    arguments: {
      contextType:
        'message: said or decided; file: a file or its path; tool_call: a call with its result; system: about the session itself.',
      metadata: 'For programs: paths, ids, versions.',
      pinned: 'Show first in every briefing: goals, decisions, constraints.',
      expectedSequence: 'Append only if this is the newest sequence.',
    },
  },
  getContext: {
    title: "Read a session's log",
    description:
      "Use to read a session's log: by default the newest entries, ascending. Long content is cut to a preview.",
    // `ackSequence` moves the agent's mark.
    effects: addsOnce,
    arguments: {
      unread: 'Only what you have not acknowledged.',
      ackSequence: 'First acknowledges all up to here; lower: read again.',
      afterSequence: 'Read forward from here.',
      cursor: 'A nextCursor; replaces afterSequence and order.',
      contentOffset: "Read on in one entry's content; needs limit=1 and afterSequence.",
    },
  },
  getBriefing: {
    title: 'Read a briefing',
    description: 'Use first when resuming a session without a handoff, or after your own context was compacted.',
    effects: reads,
  },
  requestHandoff: {
    title: 'Offer a session',
    description:
      'Use when another agent should take over or help, or before your own context is compacted. Nothing moves until someone accepts.',
    effects: adds,
    arguments: {
      targetAgent: 'An agent (also yourself), role:NAME, or absent: anyone.',
      requestType:
        'full_handoff moves ownership and fences you out; collaboration lets the target write too; context_transfer only shares.',
      summary: 'Goal, state, decisions, open questions.',
      instructions: 'What to do next.',
      requestData: 'For programs.',
    },
  },
  listHandoffs: {
    title: 'List handoffs',
    description:
      'Use at the start of work to find offers made to you (inbox), when idle to wait for one, or to see what became of yours (outbox).',
    effects: reads,
    arguments: {
      roles: 'Your roles: also show offers to role:NAME.',
      waitSeconds: 'While the inbox shows nothing, wait; call again with the cursor.',
      status: 'Default: pending in an inbox, all in an outbox.',
      handoffId: 'Only this one, whole.',
      cursor: 'Only what earlier answers have not shown.',
      maxTokens: 'Shared by limit handoffs; what is cut or left out is named in truncated. limit=1: whole.',
    },
  },
  acceptHandoff: {
    title: 'Accept a handoff',
    description: 'Use to take an offer. One agent wins; the answer holds the session and its briefing.',
    effects: addsOnce,
    arguments: { leaseSeconds: 'Write at least this often, or a full_handoff goes back. Default: it never does.' },
  },
  resolveHandoff: {
    title: 'End a handoff',
    description:
      'Use to end a handoff: the acceptor completes or returns it, the target rejects it, the requester cancels it.',
    effects: addsOnce,
    arguments: {
      outcome: 'returned gives a full_handoff back to the requester; say in reason what is missing.',
      result: 'For programs.',
    },
  },
  listSessions: {
    title: 'List sessions',
    description: 'Use to find a session when you do not know its key. Newest first.',
    effects: reads,
    arguments: { sessionKey: 'Only this one, whole.' },
  },
  updateSession: {
    title: 'Change a session',
    description: 'Use to complete, archive, reopen, extend or rename a session you own.',
    // Of a title or metadata that is replaced, nothing is kept.
    effects: replaces,
    arguments: { metadata: 'Replaces all metadata.', ttlSeconds: 'Counted from now.' },
  },
};
