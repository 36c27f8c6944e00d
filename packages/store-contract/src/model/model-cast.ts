import type { HandoffRecord, SessionRecord, SessionRef, Store } from '@org/domain';
import { scriptAgents, scriptSessions, type Actor, type Script } from './model-command.js';

type SessionName = (typeof scriptSessions)[number];

/** Resolves the actors and sessions that a script names, by the current state of the reference store. */
export class ModelCast {
  readonly namespace: string;
  readonly #reference: Store;
  readonly #sessionCount: Script['sessionCount'];

  constructor(namespace: string, reference: Store, { sessionCount }: Script) {
    this.namespace = namespace;
    this.#reference = reference;
    this.#sessionCount = sessionCount;
  }

  sessions(): readonly SessionName[] {
    return scriptSessions.slice(0, this.#sessionCount);
  }

  ref(session: SessionName): SessionRef {
    return { namespace: this.namespace, sessionKey: this.#sessionCount === 1 ? scriptSessions[0] : session };
  }

  async session(session: SessionName): Promise<SessionRecord | undefined> {
    return this.#reference.readSession(this.ref(session)).catch(() => undefined);
  }

  async inSession(actor: Actor, session: SessionName): Promise<string> {
    return isAgent(actor) ? actor : ((await this.session(session))?.owner ?? 'ann');
  }

  async inHandoff(actor: Actor, handoffId: string): Promise<string> {
    if (isAgent(actor)) return actor;
    if (actor === 'owner') return (await this.sessionOf(handoffId))?.owner ?? 'ann';
    const handoff = await this.#handoff(handoffId);
    const agent = actor === 'acceptor' ? (handoff?.acceptedBy ?? handoff?.targetAgent) : handoff?.requestingAgent;
    return agent ?? 'bob';
  }

  async sessionOf(handoffId: string): Promise<SessionRecord | undefined> {
    const handoff = await this.#handoff(handoffId);
    return handoff && this.#reference.readSession(handoff).catch(() => undefined);
  }

  async #handoff(handoffId: string): Promise<HandoffRecord | undefined> {
    for (const agent of scriptAgents) {
      const outbox = { namespace: this.namespace, agent, roles: [], direction: 'outbox', limit: 100 } as const;
      const { handoffs } = await this.#reference.listHandoffs(outbox);
      const found = handoffs.find((handoff) => handoff.handoffId === handoffId);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}

const isAgent = (actor: Actor): actor is (typeof scriptAgents)[number] => scriptAgents.some((agent) => agent === actor);
