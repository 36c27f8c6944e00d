import { ContextStoreError, createContextStore, useCases, type ContextStore, type UseCaseName } from '@org/domain';
import { describe, expect } from 'vitest';
import { z } from 'zod';
import { createMemoryStore } from '../memory-store/memory-store.js';
import { expectRefusal, type ScenarioTest, type StoreScenario } from '../store-scenario.js';

/** The limits of engines: 32 bits, and the integers that a JavaScript number holds exactly. */
const engineEdges = [0, 1, 2 ** 31 - 1, 2 ** 31, Number.MAX_SAFE_INTEGER];
const neverNumbers = [-1, -(2 ** 31), Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER + 1, 1e21, Infinity, NaN];

interface NumberArgument {
  readonly name: string;
  readonly isInteger: boolean;
  readonly bounds: readonly number[];
}

/** Returns the arguments of a tool that are numbers, from its schema. */
function numbersOf(tool: UseCaseName): NumberArgument[] {
  const { properties = {} } = z.toJSONSchema(useCases[tool].input, { io: 'input' });
  return Object.entries(properties).flatMap(([name, schema]) => {
    if (typeof schema === 'boolean' || (schema.type !== 'integer' && schema.type !== 'number')) return [];
    const { minimum, maximum } = schema;
    return [
      { name, isInteger: schema.type === 'integer', bounds: [minimum, maximum].filter((bound) => bound !== undefined) },
    ];
  });
}

interface Situation {
  readonly sessionKey: string;
  readonly handoffId: string;
}

/** The other arguments of a call, chosen so that only the number decides whether it is refused. */
const otherArguments: { readonly [Tool in UseCaseName]: (at: Situation, argument: string) => object } = {
  registerSession: ({ sessionKey }) => ({ sessionKey: `${sessionKey}-new` }),
  updateContext: ({ sessionKey }) => ({ sessionKey, contextType: 'message', content: 'x' }),
  getContext: ({ sessionKey }, argument) => ({ sessionKey, ...(argument === 'contentOffset' && { limit: 1 }) }),
  getBriefing: ({ sessionKey }) => ({ sessionKey }),
  requestHandoff: ({ sessionKey }) => ({ sessionKey, requestType: 'full_handoff' }),
  // The inbox is not empty, so the call does not wait.
  listHandoffs: () => ({}),
  acceptHandoff: ({ handoffId }) => ({ handoffId }),
  resolveHandoff: ({ handoffId }) => ({ handoffId, outcome: 'cancelled' }),
  listSessions: () => ({}),
  updateSession: ({ sessionKey }) => ({ sessionKey }),
};

/** Calls a store's tools in one namespace with a number. */
class Subject {
  readonly #contextStore: ContextStore;
  readonly #namespace: string;
  #sessions = 0;

  constructor({ store, namespace }: Pick<StoreScenario, 'store' | 'namespace'>) {
    this.#contextStore = createContextStore({ store }, { agent: 'planner' });
    this.#namespace = namespace;
  }

  /** Returns `answer`, or the code of the refusal. */
  async outcome(tool: UseCaseName, argument: string, value: number): Promise<string> {
    const args = { ...otherArguments[tool](await this.#situation(), argument), [argument]: value };
    const method = this.#contextStore.as({ namespace: this.#namespace })[tool] as (input: object) => Promise<unknown>;
    return method(args).then(
      () => 'answer',
      (error: unknown) => (error instanceof ContextStoreError ? error.code : String(error)),
    );
  }

  async #situation(): Promise<Situation> {
    const caller = { namespace: this.#namespace };
    this.#sessions += 1;
    const sessionKey = `work-${this.#sessions}`;
    await this.#contextStore.as(caller).registerSession({ sessionKey });
    await this.#contextStore.as(caller).updateContext({ sessionKey, contextType: 'message', content: 'one 🚀' });
    const offer = { sessionKey, requestType: 'full_handoff' } as const;
    const { handoff } = await this.#contextStore.as(caller).requestHandoff(offer);
    return { sessionKey, handoffId: handoff.handoffId };
  }
}

export function describeNumbers(test: ScenarioTest): void {
  describe('every number that a tool takes', () => {
    for (const tool of Object.keys(useCases) as UseCaseName[]) {
      for (const { name, isInteger, bounds } of numbersOf(tool)) {
        test(`${tool} ${name}: gets the reference's answer at its bounds, and is refused beyond them`, async (s) => {
          const [subject, reference] = [
            new Subject(s),
            new Subject({ namespace: s.namespace, store: createMemoryStore() }),
          ];
          const near = bounds.flatMap((bound) => [bound - 1, bound, bound + 1]);
          for (const value of new Set([...engineEdges, ...near, ...neverNumbers, ...(isInteger ? [0.5, 1.5] : [])])) {
            const expected = await reference.outcome(tool, name, value);
            expect([value, await subject.outcome(tool, name, value)]).toEqual([value, expected]);
            expect(expected).not.toBe('INTERNAL_ERROR');
            const mayBe = Number.isFinite(value) && value >= 0 && (!isInteger || Number.isSafeInteger(value));
            if (!mayBe) expect([value, expected]).toEqual([value, 'VALIDATION_ERROR']);
          }
        });
      }
    }
  });

  describe('positions', () => {
    for (const position of engineEdges) {
      test(`may be ${position} in every log and list`, async (s) => {
        await s.createSession();
        await s.appendMany(2);
        const { handoffId } = await s.offer();
        const after = { direction: 'ascending', afterSequence: position } as const;
        const before = { direction: 'descending', beforeSequence: Math.max(1, position) } as const;
        const follow = [1, 2].filter((sequence) => sequence > position);
        const precede = [2, 1].filter((sequence) => sequence < position);
        const sequencesOf = (entries: readonly { sequence: number }[]) => entries.map(({ sequence }) => sequence);
        expect(sequencesOf((await s.readEntries(after)).entries)).toEqual(follow);
        expect(sequencesOf((await s.readEntries(before)).entries)).toEqual(precede);
        expect(sequencesOf((await s.readTail(after)).entries)).toEqual(follow);
        expect(sequencesOf((await s.readTail(before)).entries)).toEqual(precede.toReversed());
        expect((await s.readBriefing({ uptoSequence: position })).uptoSequence).toBe(Math.min(2, position));
        const { namespace } = s;
        const isLater = position === Number.MAX_SAFE_INTEGER;
        const list = s.listHandoffs({ agent: 'planner', direction: 'outbox', status: undefined, after: position });
        // The position is ahead of a test's database.
        if (position > 1) await expectRefusal(list, 'VALIDATION_ERROR');
        else
          expect((await list).handoffs.map((each) => each.handoffId)).toEqual(
            position === 0 ? [handoffId] : expect.any(Array),
          );
        const inbox = { namespace, agent: 'implementer', roles: [], after: position };
        if (position === 0 || isLater) expect(await s.store.peekInboxes([inbox])).toEqual([!isLater]);
        const { sessions } = await s.store.listSessions({ namespace, before: position, limit: 1, dormantAfterMs: 1 });
        if (position === 0 || isLater) expect(sessions).toHaveLength(isLater ? 1 : 0);
      });
    }
  });
}
