import { randomUUID } from 'node:crypto';
import type {
  AppendAnswer,
  AppendEntry,
  BriefingSource,
  ClaimedHandoff,
  ContextStoreError,
  CreatedSession,
  CreateHandoff,
  CreateSession,
  EntryPage,
  ErrorCode,
  HandoffPage,
  HandoffRecord,
  Idempotency,
  ListHandoffs,
  LogEnd,
  LogTail,
  ReadBriefing,
  ReadEntries,
  ReadTail,
  Replayable,
  ResolveHandoff,
  SessionRecord,
  Store,
  UpdateSession,
} from '@org/domain';
import { expect, it } from 'vitest';
import type { StoreHarness } from './harness/store-harness.js';

export const dayMs = 86_400_000;

/** How long a test waits for a write that a store makes after it has answered a read, in milliseconds. */
export const storing = { timeout: 10_000, interval: 20 };

/** A new namespace for one test, and requests with defaults, so that a test states only the fields that it is about. */
export class StoreScenario {
  readonly namespace: string = `n-${randomUUID()}`;
  readonly sessionKey = 'work';
  readonly store: Store;
  readonly advance: StoreHarness['advance'];

  constructor({ store, advance }: Pick<StoreHarness, 'store' | 'advance'>) {
    this.store = store;
    this.advance = advance;
  }

  createSession(request: Partial<CreateSession> = {}): Promise<Replayable<CreatedSession>> {
    return this.store.createSession({
      namespace: this.namespace,
      sessionKey: this.sessionKey,
      agent: 'planner',
      metadata: {},
      ifExists: 'error',
      ...request,
    });
  }

  readSession(sessionKey: string = this.sessionKey): Promise<SessionRecord> {
    return this.store.readSession({ namespace: this.namespace, sessionKey });
  }

  updateSession(request: Partial<UpdateSession>): Promise<Replayable<{ session: SessionRecord }>> {
    return this.store.updateSession({
      namespace: this.namespace,
      sessionKey: this.sessionKey,
      agent: 'planner',
      ...request,
    });
  }

  append(request: Partial<AppendEntry> = {}): Promise<Replayable<AppendAnswer>> {
    const content = request.content ?? 'a note';
    return this.store.appendEntry({
      namespace: this.namespace,
      sessionKey: this.sessionKey,
      agent: 'planner',
      contextType: 'message',
      content,
      contentBytes: Buffer.byteLength(content),
      estimatedTokens: 2,
      metadata: {},
      pinned: false,
      ...request,
    });
  }

  async appendMany(count: number, request: Partial<AppendEntry> = {}): Promise<void> {
    await Promise.all(
      Array.from({ length: count }, (_, index) => this.append({ content: `note ${index + 1}`, ...request })),
    );
  }

  readEntries(request: Partial<ReadEntries> = {}): Promise<EntryPage> {
    return this.store.readEntries({
      namespace: this.namespace,
      sessionKey: this.sessionKey,
      direction: 'ascending',
      afterSequence: 0,
      limit: 100,
      contentOffset: 0,
      maxContentLength: 2_000_000,
      ...request,
    });
  }

  readLogEnd(): Promise<LogEnd> {
    return this.store.readLogEnd({ namespace: this.namespace, sessionKey: this.sessionKey });
  }

  readTail(request: Partial<ReadTail> = {}): Promise<LogTail> {
    return this.store.readTail({
      namespace: this.namespace,
      sessionKey: this.sessionKey,
      direction: 'ascending',
      afterSequence: 0,
      limit: 100,
      maxContentLength: 2_000_000,
      pageSize: 4,
      ...request,
    });
  }

  readBriefing(request: Partial<ReadBriefing> = {}): Promise<BriefingSource> {
    return this.store.readBriefing({
      namespace: this.namespace,
      sessionKey: this.sessionKey,
      pinnedLimit: 10,
      newestLimit: 10,
      maxContentLength: 100,
      ...request,
    });
  }

  /** Moves an agent's mark to `sequence`, if one is given. Returns the mark. */
  async mark(agent: string, sequence?: number): Promise<number> {
    const ref = { namespace: this.namespace, sessionKey: this.sessionKey };
    return (await this.store.markRead({ ...ref, agent, sequence })).sequence;
  }

  note(...names: string[]): Promise<void> {
    return this.store.noteAgents({ namespace: this.namespace, names });
  }

  agents(limit = 10_000): Promise<readonly string[]> {
    return this.store.listAgents({ namespace: this.namespace, limit });
  }

  async offer(request: Partial<CreateHandoff> = {}): Promise<HandoffRecord> {
    return (await this.createHandoff(request)).handoff;
  }

  createHandoff(request: Partial<CreateHandoff> = {}): Promise<Replayable<{ handoff: HandoffRecord }>> {
    return this.store.createHandoff({
      namespace: this.namespace,
      sessionKey: this.sessionKey,
      agent: 'planner',
      handoffId: randomUUID(),
      requestType: 'full_handoff',
      expiresInMs: 7 * dayMs,
      ...request,
    });
  }

  /** Asks the owner for the session. */
  async askFor(agent: string, request: Partial<CreateHandoff> = {}): Promise<HandoffRecord> {
    return this.offer({ agent, requestType: 'take_over', takeOverBy: 'namespace', ...request });
  }

  claim(
    { handoffId }: Pick<HandoffRecord, 'handoffId'>,
    agent = 'implementer',
    idempotency?: Idempotency,
    leaseMs?: number,
    claimant?: string,
  ): Promise<Replayable<ClaimedHandoff>> {
    return this.store.claimHandoff({ namespace: this.namespace, handoffId, agent, idempotency, leaseMs, claimant });
  }

  resolve(
    { handoffId }: Pick<HandoffRecord, 'handoffId'>,
    outcome: ResolveHandoff['outcome'],
    agent: string,
    request: Partial<ResolveHandoff> = {},
  ): Promise<Replayable<{ handoff: HandoffRecord }>> {
    return this.store.resolveHandoff({ namespace: this.namespace, handoffId, outcome, agent, ...request });
  }

  listHandoffs(request: Partial<ListHandoffs> = {}): Promise<HandoffPage> {
    return this.store.listHandoffs({
      namespace: this.namespace,
      agent: 'implementer',
      direction: 'inbox',
      roles: [],
      status: 'pending',
      limit: 20,
      ...request,
    });
  }

  /** Lists all pages. Returns the ids of the handoffs. */
  async listedIds(request: Partial<ListHandoffs> = {}): Promise<string[]> {
    const ids: string[] = [];
    for (
      let page = await this.listHandoffs(request);
      ;
      page = await this.listHandoffs({ ...request, after: page.next })
    ) {
      ids.push(...page.handoffs.map(({ handoffId }) => handoffId));
      if (!page.more) return ids;
    }
  }

  /** Moves ownership of the session from the planner to the implementer. */
  async handOver(): Promise<void> {
    await this.claim(await this.offer({ targetAgent: 'implementer' }));
  }
}

/** Declares a test that gets a new scenario. */
export type ScenarioTest = (title: string, run: (scenario: StoreScenario) => Promise<void>) => void;

/** Creates a `ScenarioTest` over the harness that is open when the tests run. */
export const scenarioTest =
  (harness: () => StoreHarness): ScenarioTest =>
  (title, run) => {
    // oxlint-disable-next-line vitest/valid-title, vitest/expect-expect -- declares the tests that others write
    it(title, () => run(new StoreScenario(harness())));
  };

/** Expects a refusal with this code, and with a message that is safe to show. Returns the refusal. */
export async function expectRefusal(call: Promise<unknown>, code: ErrorCode): Promise<ContextStoreError> {
  const error: unknown = await call.then(
    () => expect.fail(`expected ${code}, but the call succeeded`),
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({ code, message: expect.stringMatching(/\S/) as string });
  return error as ContextStoreError;
}

/** Returns an idempotency as use cases make it. */
export const once = (key: string, requestHash = 'hash'): Idempotency => ({ key, requestHash, tool: 'tool' });
