import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Idempotency, Inbox, ListHandoffs, Store } from '@org/domain';
import { createMemoryStore } from '../memory-store/memory-store.js';
import { ModelCast } from './model-cast.js';
import { listAgents, listUpTo, storeLapse } from './model-listing.js';
import { briefStep, callStep, readStep, readWholeStep, sessionsStep } from './model-reads.js';
import { idempotencyOf, shown } from './model-request.js';
import { relativeTo, scriptAgents, type Command, type Script } from './model-command.js';
import { inMs, maxTicksBack, tickMs } from './model-script.js';
import { clockOf, ModelSide } from './model-side.js';
import type { PlayedStep, Step } from './model-step.js';
import type { StoreHarness } from '../harness/store-harness.js';

type Of<Kind extends Command['kind']> = Extract<Command, { readonly kind: Kind }>;
type Mutation = 'createSession' | 'updateSession' | 'appendEntry' | 'claimHandoff' | 'resolveHandoff';
type Listing = Omit<ListHandoffs, 'after' | 'limit'>;

const noHandoff = 'no-such-handoff';

/**
 * Plays a script on a store and on the memory reference, side by side, in a new namespace. Ends at the first answer
 * that differs: that step is the last one returned.
 */
export async function playScript(script: Script, subject: StoreHarness): Promise<PlayedStep[]> {
  const player = new Player(script, subject, await clockOf(subject.store));
  return player.play();
}

class Player {
  readonly #namespace = `model-${randomUUID()}`;
  readonly #script: Script;
  readonly #cast: ModelCast;
  readonly #reference: ModelSide;
  readonly #subject: ModelSide;
  readonly #played: PlayedStep[] = [];
  readonly #handoffIds: string[] = [];
  readonly #listings: Listing[] = [];
  /** Functions that make the same step again. */
  readonly #retries: (() => Step)[] = [];
  #contents = 0;
  #offers = 0;
  /** The current tick of the script's clock. */
  #tick = 0;
  #latestTick = 0;

  constructor(script: Script, subject: StoreHarness, subjectStartMs: number) {
    let nowMs = 0;
    this.#script = script;
    this.#subject = new ModelSide(subject, subjectStartMs);
    const store = createMemoryStore({ clock: () => nowMs });
    this.#reference = new ModelSide({ store, advance: (ms) => void (nowMs += ms) }, 0);
    this.#cast = new ModelCast(this.#namespace, store, script);
  }

  async play(): Promise<PlayedStep[]> {
    for (const session of this.#cast.sessions()) {
      await this.#step(this.#create({ session, actor: 'ann', ifExists: 'error' }));
    }
    for (const command of this.#script.commands) {
      for (const step of await this.#stepsOf(command)) {
        if (!(await this.#step(step))) return this.#played;
      }
    }
    for (const step of this.#audit()) if (!(await this.#step(step))) break;
    return this.#played;
  }

  /** Plays a step on both stores. Returns whether their answers are the same. */
  async #step({ text, run, offers }: Step): Promise<boolean> {
    const expected = await this.#reference.outcome(run);
    const actual = await this.#subject.outcome(run);
    const isSame = isDeepStrictEqual(expected, actual) && !('defect' in expected);
    this.#played.push({ text, expected, actual, isSame });
    if (offers !== undefined && 'answer' in expected) this.#handoffIds.push(offers);
    return isSame;
  }

  async #stepsOf(command: Command): Promise<Step[]> {
    switch (command.kind) {
      case 'create':
        return [this.#create(command)];
      case 'update':
        return [await this.#update(command)];
      case 'delete':
        return [callStep('deleteSession', this.#cast.ref(command.session))];
      case 'append':
        return [await this.#append(command)];
      case 'read':
        return [readStep(this.#cast.ref(command.session), command)];
      case 'mark': {
        const agent = await this.#cast.inSession(command.actor, command.session);
        return [callStep('markRead', { ...this.#cast.ref(command.session), agent, sequence: command.sequence })];
      }
      case 'logEnd':
        return [callStep('readLogEnd', this.#cast.ref(command.session))];
      case 'brief':
        return [briefStep(this.#cast.ref(command.session), command.upto)];
      case 'offer':
        return [await this.#offer(command)];
      case 'claim':
        return [await this.#claim(command)];
      case 'resolve':
        return [await this.#resolve(command)];
      case 'give': {
        const { agent, reason } = command;
        return [callStep('takeOverSession', { ...this.#cast.ref(command.session), agent, reason })];
      }
      case 'list': {
        const { agent, roles, direction, projects, status, limit } = command;
        return [this.#list({ namespace: this.#namespace, agent, roles, direction, projects, status }, limit)];
      }
      case 'listOn':
        return this.#listOn(command);
      case 'sessions':
        return [sessionsStep(this.#namespace, command)];
      case 'note':
        return [
          callStep('noteAgents', { namespace: this.#namespace, names: command.names }),
          listAgents(this.#namespace),
        ];
      case 'count':
        return [this.#count()];
      case 'advance':
        return this.#advance(command.ticks);
      case 'retry': {
        const retry = this.#retries.at(-1 - (command.back % Math.max(1, this.#retries.length)));
        return retry === undefined ? [] : [retry()];
      }
    }
  }

  #create(command: Partial<Of<'create'>> & Pick<Of<'create'>, 'session' | 'actor' | 'ifExists'>): Step {
    const { session, actor, key, ifExists, title, project, ttlTicks } = command;
    const metadata = { title: title ?? null };
    const input = { ...this.#cast.ref(session), metadata, ifExists, title, project, ttlMs: inMs(ttlTicks) };
    const agent = actor === 'bob' || actor === 'cat' ? actor : 'ann';
    return this.#mutation('createSession', { ...input, agent }, idempotencyOf(key, 'create', input));
  }

  async #update(command: Of<'update'>): Promise<Step> {
    const { session, actor, key, state, title, project, ttlTicks, epoch, version } = command;
    const ref = this.#cast.ref(session);
    const record = await this.#cast.session(session);
    const metadata = title === 'two' ? { two: [2] } : undefined;
    const input = { ...ref, state, title, project, ttlMs: inMs(ttlTicks), metadata };
    const request = {
      ...input,
      agent: await this.#cast.inSession(actor, session),
      epoch: relativeTo(record?.epoch, epoch),
      expectedVersion: relativeTo(record?.version, version),
    };
    return this.#mutation('updateSession', request, idempotencyOf(key, 'update', input));
  }

  async #append({ session, actor, key, contextType, pinned, epoch, sequence }: Of<'append'>): Promise<Step> {
    const record = await this.#cast.session(session);
    this.#contents += 1;
    const input = { ...this.#cast.ref(session), contextType, pinned };
    const request = {
      ...input,
      agent: await this.#cast.inSession(actor, session),
      content: `note ${this.#contents}`,
      contentBytes: 6 + this.#contents,
      estimatedTokens: this.#contents,
      metadata: { n: this.#contents },
      epoch: relativeTo(record?.epoch, epoch),
      expectedSequence: relativeTo(record?.lastSequence, sequence),
    };
    return this.#mutation('appendEntry', request, idempotencyOf(key, 'append', input));
  }

  async #offer(command: Of<'offer'>): Promise<Step> {
    const { session, actor, key, requestType, target, expiresInTicks, epoch, takeOverBy, callerProject } = command;
    const record = await this.#cast.session(session);
    const agent = await this.#cast.inSession(actor, session);
    const expiresInMs = expiresInTicks * tickMs;
    const asked = { requestType, targetAgent: target, expiresInMs, takeOverBy, callerProject };
    const input = { ...this.#cast.ref(session), ...asked };
    const request = { ...input, agent, summary: `by ${agent}`, epoch: relativeTo(record?.epoch, epoch) };
    const make = (): Step => {
      // As in the use case, a retry has a new id; the replayed answer has that of the first try.
      this.#offers += 1;
      const handoffId = `${this.#namespace}-h${this.#offers}`;
      const again = { ...request, handoffId, idempotency: idempotencyOf(key, 'offer', input) };
      return { ...callStep('createHandoff', again), offers: handoffId };
    };
    this.#retries.push(make);
    return make();
  }

  async #claim({ back, actor, claimant, key, leaseTicks, takeOverAfterTicks }: Of<'claim'>): Promise<Step> {
    const handoffId = this.#handoffId(back);
    const input = {
      namespace: this.#namespace,
      handoffId,
      leaseMs: inMs(leaseTicks),
      takeOverAfterMs: inMs(takeOverAfterTicks),
    };
    const agent = await this.#cast.inHandoff(actor, handoffId);
    return this.#mutation('claimHandoff', { ...input, agent, claimant }, idempotencyOf(key, 'claim', input));
  }

  async #resolve({ back, actor, claimant, key, outcome, epoch }: Of<'resolve'>): Promise<Step> {
    const handoffId = this.#handoffId(back);
    const input = { namespace: this.#namespace, handoffId, outcome, reason: 'because', result: { ok: true } };
    const request = {
      ...input,
      agent: await this.#cast.inHandoff(actor, handoffId),
      claimant,
      epoch: relativeTo((await this.#cast.sessionOf(handoffId))?.epoch, epoch),
    };
    return this.#mutation('resolveHandoff', request, idempotencyOf(key, 'resolve', input));
  }

  /**
   * Lists up to `limit` handoffs, over short pages too. `next` does not pass an offer whose lapse is not stored yet. So
   * the positions of both sides are equal only once all lapses are stored.
   */
  #list(listing: Listing, limit: number, goOnFrom?: number): Step {
    const number = this.#listings.push(listing) - 1;
    return {
      text: `listHandoffs ${shown({ ...listing, limit })}${goOnFrom === undefined ? '' : ` after listing ${goOnFrom}`}`,
      run: async ({ store, positions }) => {
        const start = goOnFrom === undefined ? 0 : (positions[goOnFrom] ?? 0);
        const seen = await listUpTo(store, { ...listing, after: start, limit });
        positions[number] = seen.next;
        const [only, other] = this.#cast.sessions();
        if (only === undefined || other !== undefined) return seen.handoffs;
        await storeLapse(store, this.#cast.ref(only));
        const stored = await listUpTo(store, { ...listing, after: start, limit });
        positions[number] = stored.next;
        return [seen.handoffs, stored.handoffs];
      },
    };
  }

  #listOn({ back, limit }: Of<'listOn'>): Step[] {
    const number = this.#listings.length - 1 - (back % Math.max(1, this.#listings.length));
    const listing = this.#listings[number];
    // The status of a row before the position may change with time, so positions of other lists may differ between
    // stores.
    if (listing === undefined || (listing.status !== 'pending' && listing.status !== undefined)) return [];
    const { direction, status: _status, ...watched } = listing;
    const inbox = ({ positions }: ModelSide): Inbox => ({ ...watched, after: positions[number] ?? 0 });
    const peek: Step = {
      text: `peekInboxes ${shown(watched)} after listing ${number}`,
      run: (side) => side.store.peekInboxes([inbox(side), { ...inbox(side), after: 0 }]),
    };
    return [...(direction === 'inbox' ? [peek] : []), this.#list(listing, limit, number)];
  }

  /**
   * Moves the clock. With two sessions, it also stores lapses, because stores agree on the places of several lapses
   * only if they store them in the same order. Before it sets the clock back, it stores lapses too, because one that is
   * not stored would be undone. Otherwise any command may be the first to meet a lapse.
   */
  #advance(ticks: number): Step[] {
    const moved = Math.max(ticks, this.#latestTick - this.#tick - maxTicksBack);
    this.#latestTick = Math.max(this.#latestTick, (this.#tick += moved));
    const refs = this.#cast.sessions().map((session) => this.#cast.ref(session));
    const store = refs.map((ref): Step => ({ text: 'storeLapse', run: (side) => storeLapse(side.store, ref) }));
    const move: Step = { text: `advance ${moved} ticks`, run: async (side) => side.advance(moved * tickMs) };
    const look = refs.map((ref) => callStep('readSession', ref));
    return refs.length > 1 ? [...store, move, ...store, ...look] : [...(moved < 0 ? store : []), move, ...look];
  }

  /** Counts with a high limit, because expired offers may use up a low one. */
  #count(): Step {
    return callStep('countNamespace', { namespace: this.#namespace, limit: 100 });
  }

  /** Returns steps that read everything, for the end of a script. */
  #audit(): Step[] {
    const namespace = this.#namespace;
    return [
      ...this.#cast
        .sessions()
        .flatMap((session) => [
          callStep('readSession', this.#cast.ref(session)),
          readWholeStep(this.#cast.ref(session)),
          briefStep(this.#cast.ref(session)),
          ...scriptAgents.map((agent) => callStep('markRead', { ...this.#cast.ref(session), agent })),
        ]),
      ...scriptAgents.flatMap((agent) => [
        this.#list({ namespace, agent, roles: [], direction: 'outbox', status: undefined }, 100),
        this.#list({ namespace, agent, roles: ['builder', 'tester'], direction: 'inbox', status: 'pending' }, 100),
      ]),
      sessionsStep(namespace, { owner: undefined, projects: undefined, status: undefined, limit: 2 }),
      callStep('listSessionKeys', { namespace, prefix: '', limit: 9 }),
      listAgents(namespace),
      this.#count(),
    ];
  }

  #mutation<Name extends Mutation>(operation: Name, request: Parameters<Store[Name]>[0], key?: Idempotency): Step {
    const make = (): Step => callStep(operation, { ...request, idempotency: key });
    this.#retries.push(make);
    return make();
  }

  #handoffId(back: number): string {
    return this.#handoffIds.at(-1 - (back % Math.max(1, this.#handoffIds.length))) ?? noHandoff;
  }
}
