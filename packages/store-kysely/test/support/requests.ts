import type { AppendEntry, CreateHandoff, CreateSession, ReadEntries } from '@org/domain';

/** Requests about one session, of which a test states only what it is about. */

export const work = { namespace: 'default', sessionKey: 'work' } as const;

export const createWork: CreateSession = { ...work, agent: 'planner', metadata: {}, ifExists: 'error' };

export const appendWork = (content: string, request: Partial<AppendEntry> = {}): AppendEntry => ({
  ...work,
  agent: 'planner',
  contextType: 'message',
  content,
  contentBytes: Buffer.byteLength(content),
  estimatedTokens: 2,
  metadata: {},
  pinned: false,
  ...request,
});

export const readWork = (afterSequence = 0): ReadEntries => ({
  ...work,
  direction: 'ascending',
  afterSequence,
  limit: 10_000,
  contentOffset: 0,
  maxContentLength: 10_000,
});

export const offerWork = (handoffId: string, request: Partial<CreateHandoff> = {}): CreateHandoff => ({
  ...work,
  agent: 'planner',
  handoffId,
  requestType: 'full_handoff',
  expiresInMs: 60_000,
  ...request,
});

/** 1 to `last`: what the sequences of a log are, when none is missing. */
export const upTo = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1);
