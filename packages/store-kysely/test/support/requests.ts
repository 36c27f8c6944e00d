import type { AppendEntry, CreateHandoff, CreateSession, ReadEntries } from '@org/domain';

/** Requests about one session. A test states only the fields that it needs. */

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

/** The sequences 1 to `last` of a log without gaps. */
export const upTo = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1);
