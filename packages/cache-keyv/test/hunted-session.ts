import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import {
  ContextStoreError,
  scanRange,
  type EntryRecord,
  type SequenceRange,
  type SessionRecord,
  type Store,
} from '@org/domain';

/** An entry as it was sent. */
interface Sent {
  readonly content: string;
  readonly pinned: boolean;
}

/** One session of the key: what was sent to it and what was acknowledged. */
interface Life {
  /** Undefined until its creation was acknowledged. */
  readonly uid: string | undefined;
  readonly sent: readonly Sent[];
  readonly acknowledged: number;
  readonly epoch: number;
}

const unborn: Life = { uid: undefined, sent: [], acknowledged: 0, epoch: 1 };
const random = (below: number): number => Math.floor(Math.random() * below);
const tokens = 3;

/** A session that gets random commands, and the rules that every read of it must obey. */
export class HuntedSession {
  readonly #ref: { readonly namespace: string; readonly sessionKey: string };
  /** All sessions of the key. All but the last were deleted. */
  #lives: Life[] = [unborn];
  #isBeingDeleted = false;
  #owner = 'planner';
  #dumped: { readonly lives: Life[]; readonly owner: string } | undefined;

  constructor(sessionKey: string) {
    this.#ref = { namespace: 'hunt', sessionKey };
  }

  async create(store: Store): Promise<void> {
    const { session } = await store.createSession({ ...this.#ref, agent: 'planner', metadata: {}, ifExists: 'error' });
    this.#owner = 'planner';
    this.#update({ uid: session.uid });
  }

  /** No other write may be under way. */
  async remake(by: Store, again: Store): Promise<void> {
    this.#isBeingDeleted = true;
    await by.deleteSession(this.#ref);
    this.#lives.push(unborn);
    this.#isBeingDeleted = false;
    await this.create(again);
  }

  /** Contents of one length, so that appends differ by their time alone. */
  async append(store: Store): Promise<void> {
    const entry = { content: randomUUID(), pinned: random(4) === 0 };
    const { sent } = this.#life;
    this.#update({ sent: [...sent, entry] });
    await store.appendEntry({
      ...this.#ref,
      ...entry,
      agent: this.#owner,
      contextType: 'message',
      contentBytes: entry.content.length,
      estimatedTokens: tokens,
      metadata: {},
    });
    this.#update({ acknowledged: sent.length + 1 });
  }

  /** No other write may be under way. */
  async handOver(from: Store, to: Store): Promise<void> {
    const [agent, target] = this.#owner === 'planner' ? ['planner', 'implementer'] : ['implementer', 'planner'];
    const handoffId = randomUUID();
    const offer = { requestType: 'full_handoff', expiresInMs: 600_000 } as const;
    await from.createHandoff({ ...this.#ref, ...offer, agent, handoffId });
    const { session } = await to.claimHandoff({ namespace: this.#ref.namespace, agent: target, handoffId });
    this.#owner = target;
    this.#update({ epoch: session.epoch });
  }

  dump(): void {
    this.#dumped = { lives: [...this.#lives], owner: this.#owner };
  }

  /** @returns true if that lost an entry */
  restore(): boolean {
    if (this.#dumped === undefined) return false;
    const lost = this.#life;
    ({ lives: this.#lives, owner: this.#owner } = this.#dumped);
    return this.#life !== lost;
  }

  /** @returns a description of the first violation, or undefined */
  read(store: Store): Promise<string | undefined> {
    const length = this.#life.acknowledged;
    const range = {
      direction: random(2) === 0 ? ('ascending' as const) : ('descending' as const),
      afterSequence: random(2) === 0 ? 0 : random(length + 2),
      beforeSequence: random(2) === 0 ? undefined : random(length + 2) + 1,
      limit: 1 + random(40),
    };
    const request = { ...this.#ref, ...range, contentOffset: 0, maxContentLength: 100 };
    return this.#check(
      () => store.readEntries(request),
      (page, life) => {
        const expected = entriesOf(life, scanRange(range, page.session.lastSequence));
        const inOrder = range.direction === 'ascending' ? expected : expected.toReversed();
        return contentFault('page', page.entries, inOrder, { range, page: page.scanned });
      },
    );
  }

  /** @returns a description of the first violation, or undefined */
  brief(store: Store): Promise<string | undefined> {
    const asked = random(2) === 0 ? undefined : random(this.#life.acknowledged + 2);
    const limits = { pinnedLimit: 1 + random(10), newestLimit: 1 + random(30) };
    const request = { ...this.#ref, ...limits, uptoSequence: asked, maxContentLength: 100 };
    return this.#check(
      () => store.readBriefing(request),
      (source, life) => {
        const { session, uptoSequence } = source;
        if (uptoSequence !== Math.min(asked ?? Infinity, session.lastSequence)) return `briefing up to ${uptoSequence}`;
        const newestFirst = entriesOf(life, { first: 1, last: uptoSequence }).toReversed();
        const pinned = newestFirst.filter((entry) => entry.pinned);
        if (source.pinnedCount !== pinned.length) return `${source.pinnedCount} pins, not ${pinned.length}`;
        if (source.estimatedTokens !== tokens * uptoSequence)
          return `${source.estimatedTokens} tokens of ${uptoSequence}`;
        return (
          contentFault('newest', source.newest, newestFirst.slice(0, limits.newestLimit), limits) ??
          contentFault('pinned', source.pinned, pinned.slice(0, limits.pinnedLimit), limits)
        );
      },
    );
  }

  get #life(): Life {
    return this.#lives.at(-1) ?? unborn;
  }

  #update(more: Partial<Life>): void {
    this.#lives = [...this.#lives.slice(0, -1), { ...this.#life, ...more }];
  }

  /**
   * A read returns everything that was acknowledged before it began, and nothing that was sent after it ended. It may
   * be of a life that began meanwhile, or between two of them.
   */
  async #check<Answer extends { readonly session: SessionRecord }>(
    ask: () => Promise<Answer>,
    faultOf: (answer: Answer, life: Life) => string | undefined,
  ): Promise<string | undefined> {
    const [before, turn, wasBeingDeleted] = [this.#life, this.#lives.length, this.#isBeingDeleted];
    let answer: Answer;
    try {
      answer = await ask();
    } catch (error) {
      const wasGone = before.uid === undefined || wasBeingDeleted || this.#isBeingDeleted || this.#lives.length > turn;
      if (error instanceof ContextStoreError && error.code === 'SESSION_NOT_FOUND' && wasGone) return undefined;
      throw error;
    }
    const { uid, lastSequence, epoch } = answer.session;
    const possible = this.#lives.slice(turn - 1);
    const life = possible.find((each) => each.uid === uid) ?? possible.find((each) => each.uid === undefined);
    if (life === undefined) return `foreign: session ${uid}, not ${before.uid}`;
    const known = life.uid === before.uid ? before : unborn;
    if (lastSequence < known.acknowledged) return `stale: ${lastSequence} entries of ${known.acknowledged}`;
    if (lastSequence > life.sent.length) return `foreign: ${lastSequence} entries, and ${life.sent.length} were sent`;
    if (epoch < known.epoch || epoch > life.epoch + 1) return `stale: epoch ${epoch}, not ${known.epoch}`;
    return faultOf(answer, life);
  }
}

const entriesOf = ({ sent }: Life, { first, last }: SequenceRange): (Sent & { readonly sequence: number })[] =>
  sent
    .map((entry, index) => ({ ...entry, sequence: index + 1 }))
    .filter(({ sequence }) => sequence >= first && sequence <= last);

function contentFault(
  what: string,
  read: readonly EntryRecord[],
  expected: readonly (Sent & { sequence: number })[],
  asked: object,
): string | undefined {
  const got = read.map(({ sequence, content, pinned }) => ({ content, pinned, sequence }));
  if (isDeepStrictEqual(got, expected)) return undefined;
  return `${what} ${JSON.stringify(asked)}: ${JSON.stringify(got)} instead of ${JSON.stringify(expected)}`;
}
