import type { UseCaseInput, UseCaseName } from '@org/domain';

/** What a call does to the store, in the terms of the protocol's tool annotations. */
export interface ToolEffects {
  readonly readOnlyHint: boolean;
  /** True if a call can remove something that was recorded. False if a call only adds. */
  readonly destructiveHint: boolean;
  /** True if repeating a call with the same arguments changes nothing more. */
  readonly idempotentHint: boolean;
}

const reads: ToolEffects = { readOnlyHint: true, destructiveHint: false, idempotentHint: true };
const adds: ToolEffects = { readOnlyHint: false, destructiveHint: false, idempotentHint: false };
const addsOnce: ToolEffects = { ...adds, idempotentHint: true };
const replaces: ToolEffects = { readOnlyHint: false, destructiveHint: true, idempotentHint: false };

/** What models and users read about one tool. */
export interface ToolDescription<Name extends UseCaseName> {
  /** When to use the tool. Its name and arguments already say what it does. */
  readonly description: string;
  /** Clients show it to users instead of the name. */
  readonly title: string;
  readonly effects: ToolEffects;
  /** Descriptions of the arguments whose names do not say enough. */
  readonly arguments?: { readonly [Argument in keyof UseCaseInput<Name>]?: string };
}

const listedProject = 'Default: yours, and what has none. * shows all.';

/**
 * Every client pays for every word here in every conversation; a test keeps `tools/list` within its budget. The server's
 * instructions explain `agent`, `idempotencyKey`, `sessionKey` and `epoch` once.
 */
export const toolDescriptions: { readonly [Name in UseCaseName]: ToolDescription<Name> } = {
  registerSession: {
    title: 'Register a session',
    description:
      'Use when starting work that should outlive this conversation, or with ifExists=resume to continue a session you own.',
    effects: adds,
    arguments: {
      sessionKey: 'Default: a new one is made.',
      agentFrom: 'Same as agent.',
      project: 'Where the work belongs, or none. Default: yours.',
      ttlSeconds: 'Expires after this long without activity. Default: never, unless the server sets one.',
    },
  },
  updateContext: {
    title: 'Append to a session',
    description:
      'Use as you work, to record what a successor needs: decisions, results, files, tool calls. Appends one entry that cannot be changed. takeOver in the answer: another agent asks for the session; offer it to that agent or reject, or lose it by silence.',
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
    // `ackSequence` moves the agent's read mark.
    effects: addsOnce,
    arguments: {
      unread: 'Only what you have not acknowledged.',
      ackSequence: 'Acknowledges everything up to here before reading; a lower one marks it unread again.',
      afterSequence: 'Read forward from here.',
      cursor: 'A nextCursor; replaces afterSequence and order.',
      contentOffset: "Continues one entry's content from here; needs limit=1 and afterSequence.",
    },
  },
  getBriefing: {
    title: 'Read a briefing',
    description: 'Use first when resuming a session without a handoff, or after your own context was compacted.',
    effects: reads,
  },
  requestHandoff: {
    title: 'Request a handoff',
    description:
      'Use when another agent should take over or help, before your own context is compacted, or to ask for a session whose owner seems gone. Nothing moves until someone accepts.',
    effects: adds,
    arguments: {
      targetAgent: 'An agent (also yourself) or role:NAME. Default: anyone; for take_over the owner.',
      requestType:
        'full_handoff moves ownership and fences you out; collaboration lets the target write too; context_transfer only shares; take_over asks the owner for its session: if it stays silent, accept it yourself at acceptableAt.',
      summary: 'Goal, state, decisions, open questions.',
      instructions: 'What to do next.',
      requestData: 'For programs.',
    },
  },
  listHandoffs: {
    title: 'List handoffs',
    description:
      'Use at the start of work to find offers made to you (inbox), when idle to wait for one, or to see the outcome of yours (outbox).',
    effects: reads,
    arguments: {
      roles: 'Your roles: also show offers to role:NAME.',
      project: listedProject,
      waitSeconds: 'While the inbox shows nothing, wait; call again with the cursor.',
      status: 'Default: pending in an inbox, all in an outbox.',
      handoffId: 'Only this one, whole.',
      cursor: 'Only what earlier answers have not shown.',
      maxTokens: 'Budget for all handoffs together; truncated names what was cut or left out. limit=1 shows one whole.',
    },
  },
  acceptHandoff: {
    title: 'Accept a handoff',
    description:
      'Use to accept an offer, or your own take_over. One agent wins; the answer has the session and its briefing.',
    effects: addsOnce,
    arguments: {
      leaseSeconds: 'Write at least this often, or the requester owns the session again. Default: no lease.',
    },
  },
  resolveHandoff: {
    title: 'Resolve a handoff',
    description:
      'Use to resolve a handoff: the acceptor completes or returns it, the target rejects it, the requester cancels it. The owner cancels an accepted collaboration to remove the participant.',
    effects: addsOnce,
    arguments: {
      outcome:
        'returned gives a full_handoff back to the requester, or leaves a collaboration; say in reason what is missing.',
      result: 'For programs.',
    },
  },
  listSessions: {
    title: 'List sessions',
    description: 'Use to find a session when you do not know its key. Newest first.',
    effects: reads,
    arguments: { sessionKey: 'Only this one, uncut.', project: listedProject },
  },
  updateSession: {
    title: 'Change a session',
    description: 'Use to complete, archive, reopen, extend or rename a session you own.',
    // A replaced title or metadata is not kept.
    effects: replaces,
    arguments: {
      project: 'Moves it and its pending offers there; none: out of any.',
      metadata: 'Replaces all metadata.',
      ttlSeconds: 'Counted from now.',
    },
  },
};
