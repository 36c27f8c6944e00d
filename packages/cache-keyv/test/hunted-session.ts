import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { scanRange, type EntryRecord, type SessionRecord, type Store } from '@org/domain';

/** An entry as it was sent. */
interface Sent {
  readonly content: string;
  readonly pinned: boolean;
}

/** What of a session was sent and acknowledged, at one time. */
interface Known {
  readonly uid: string;
  readonly sent: readonly Sent[];
  readonly acknowledged: number;
  readonly epoch: number;
}

const random = (below: number): number => Math.floor(Math.random() * below);
const tokens = 3;

/** A session that random commands are sent to, and what every read of it must be. */
export class HuntedSession {
  readonly #ref: { readonly namespace: string; readonly sessionKey: string };
  #known: Known = { uid: '', sent: [], acknowledged: 0, epoch: 0 };
  #owner = 'planner';
  #dumped: { readonly known: Known; readonly owner: string } | undefined;

  constructor(sessionKey: string) {
    this.#ref = { namespace: 'hunt', sessionKey };
  }

  async create(store: Store): Promise<void> {
    const { session } = await store.createSession({ ...this.#ref, agent: 'planner', metadata: {}, ifExists: 'error' });
    this.#owner = 'planner';
    this.#known = { uid: session.uid, sent: [], acknowledged: 0, epoch: 1 };
  }

  async remake(by: Store, again: Store): Promise<void> {
    await by.deleteSession(this.#ref);
    await this.create(again);
  }

  /** Contents of one length: nothing but the time tells appends apart. */
  async append(store: Store): Promise<void> {
    const entry = { content: randomUUID(), pinned: random(4) === 0 };
    this.#known = { ...this.#known, sent: [...this.#known.sent, entry] };
    await store.appendEntry({
      ...this.#ref,
      ...entry,
      agent: this.#owner,
      contextType: 'message',
      contentBytes: entry.content.length,
      estimatedTokens: tokens,
      metadata: {},
    });
    this.#known = { ...this.#known, acknowledged: this.#known.sent.length };
  }

  /** Nothing else may be written meanwhile. */
  async handOver(from: Store, to: Store): Promise<void> {
    const [agent, target] = this.#owner === 'planner' ? ['planner', 'implementer'] : ['implementer', 'planner'];
    const handoffId = randomUUID();
    const offer = { requestType: 'full_handoff', expiresInMs: 600_000 } as const;
    await from.createHandoff({ ...this.#ref, ...offer, agent, handoffId });
    const { session } = await to.claimHandoff({ namespace: this.#ref.namespace, agent: target, handoffId });
    this.#owner = target;
    this.#known = { ...this.#known, epoch: session.epoch };
  }

  dump(): void {
    this.#dumped = { known: this.#known, owner: this.#owner };
  }

  restore(): void {
    if (this.#dumped !== undefined) ({ known: this.#known, owner: this.#owner } = this.#dumped);
  }

  /** @returns what is wrong with what was read */
  async read(store: Store): Promise<string | undefined> {
    const before = this.#known;
    const length = before.acknowledged;
    const range = {
      direction: random(2) === 0 ? ('ascending' as const) : ('descending' as const),
      afterSequence: random(2) === 0 ? 0 : random(length + 2),
      beforeSequence: random(2) === 0 ? undefined : random(length + 2) + 1,
      limit: 1 + random(40),
    };
    const page = await store.readEntries({ ...this.#ref, ...range, contentOffset: 0, maxContentLength: 100 });
    const expected = this.#entries(scanRange(range, page.session.lastSequence));
    const inOrder = range.direction === 'ascending' ? expected : expected.toReversed();
    return (
      this.#headFault(page.session, before) ??
      contentFault('page', page.entries, inOrder, { range, page: page.scanned })
    );
  }

  /** @returns what is wrong with what was read */
  async brief(store: Store): Promise<string | undefined> {
    const before = this.#known;
    const asked = random(2) === 0 ? undefined : random(before.acknowledged + 2);
    const limits = { pinnedLimit: 1 + random(10), newestLimit: 1 + random(30) };
    const source = await store.readBriefing({ ...this.#ref, ...limits, uptoSequence: asked, maxContentLength: 100 });
    const { session, uptoSequence } = source;
    const fault = this.#headFault(session, before);
    if (fault !== undefined) return fault;
    if (uptoSequence !== Math.min(asked ?? Infinity, session.lastSequence)) return `briefing up to ${uptoSequence}`;
    const newestFirst = this.#entries({ first: 1, last: uptoSequence }).toReversed();
    const pinned = newestFirst.filter((entry) => entry.pinned);
    if (source.pinnedCount !== pinned.length) return `${source.pinnedCount} pins, not ${pinned.length}`;
    if (source.estimatedTokens !== tokens * uptoSequence) return `${source.estimatedTokens} tokens of ${uptoSequence}`;
    return (
      contentFault('newest', source.newest, newestFirst.slice(0, limits.newestLimit), limits) ??
      contentFault('pinned', source.pinned, pinned.slice(0, limits.pinnedLimit), limits)
    );
  }

  #entries({ first, last }: { readonly first: number; readonly last: number }): (Sent & { sequence: number })[] {
    return this.#known.sent
      .map((entry, index) => ({ ...entry, sequence: index + 1 }))
      .filter(({ sequence }) => sequence >= first && sequence <= last);
  }

  /** A read tells of everything that was acknowledged before it, and of nothing that was not sent before it ended. */
  #headFault({ uid, lastSequence, epoch }: SessionRecord, before: Known): string | undefined {
    const { sent, epoch: epochNow } = this.#known;
    if (uid !== before.uid) return `foreign: session ${uid}, not ${before.uid}`;
    if (lastSequence < before.acknowledged) return `stale: ${lastSequence} entries of ${before.acknowledged}`;
    if (lastSequence > sent.length) return `foreign: ${lastSequence} entries, and ${sent.length} were sent`;
    return epoch < before.epoch || epoch > epochNow + 1 ? `stale: epoch ${epoch}, not ${before.epoch}` : undefined;
  }
}

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
