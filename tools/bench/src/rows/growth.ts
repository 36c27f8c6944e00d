import { join } from 'node:path';
import { createContextStore, type ContextStore } from '@org/domain';
import { createPostgresStore } from '@org/store-kysely/postgres';
import { createSqliteStore } from '@org/store-kysely/sqlite';
import { timeOf } from '@org/measure/latencies';
import { median } from '@org/measure/statistics';
import { benchDatabase, seedSessions } from '../postgres/bench-database.js';
import { openBufferCounter, type CountBuffers } from '../postgres/count-buffers.js';
import {
  compare,
  content,
  fact,
  orMissing,
  p50Ms,
  temporaryFolder,
  type Comparison,
  type OpenRow,
  type RoundSamples,
  type Row,
  type RowContext,
} from '../row.js';
import { interleaveCalls, type TimedCall } from '../take-turns.js';

type Sizes = readonly [small: number, large: number];
const sizes: Sizes = [100, 100_000];
const sizesOf = ({ effort }: RowContext): Sizes => (effort.isQuick ? [50, 100] : sizes);
const operations = ['append', 'latest 20', 'briefing', 'requestHandoff', 'acceptHandoff'] as const;
type Operation = (typeof operations)[number];

const callsInRound = ({ effort }: RowContext): number => (effort.isQuick ? 1 : 80);
/** Several times, because it is chance which page has room left. */
const countedInRound = ({ effort }: RowContext): number => (effort.isQuick ? 1 : 5);
/** Enough that the planner never reads the whole table. */
const otherSessions = ({ effort }: RowContext): number => (effort.isQuick ? 50 : 1000);
/** Every log begins with the same number of pinned entries, so that all briefings are alike. */
const pinnedEntries = 20;

export const growth: Row = {
  name: 'growth',
  title: `One call on sessions of ${sizes.join(' and ')} entries of ${content.length} bytes, on PostgreSQL and SQLite`,
  open,
};

interface Engine {
  readonly name: string;
  readonly subjects: readonly Subject[];
  /** Only on PostgreSQL. */
  readonly countBuffers?: CountBuffers | undefined;
  readonly settings: Readonly<Record<string, string>>;
}

async function open(context: RowContext): Promise<OpenRow> {
  const missing: string[] = [];
  const sqlite = await openSqlite(context);
  const postgres = await orMissing(openPostgres(context), missing);
  const engines = postgres === undefined ? [sqlite] : [postgres, sqlite];
  return {
    measureRound: async () => {
      const rounds: RoundSamples[] = [];
      for (const engine of engines) rounds.push(await measureEngine(engine, context));
      return new Map(rounds.flatMap((samples) => [...samples]));
    },
    comparisons: comparisons(sizesOf(context)),
    settings: { 'calls of each in a round': String(callsInRound(context)), ...postgres?.settings },
    missing,
  };
}

async function openSqlite(context: RowContext): Promise<Engine> {
  const store = await createSqliteStore({ path: join(await temporaryFolder(context), 'context.db') });
  return openEngine(context, 'SQLite', createContextStore({ store }));
}

async function openPostgres(context: RowContext): Promise<Engine> {
  const database = await benchDatabase(context);
  await seedSessions(database, otherSessions(context));
  const store = await createPostgresStore({ url: database.url });
  const engine = await openEngine(context, 'PostgreSQL', createContextStore({ store }));
  await database.query('vacuum analyze');
  await database.checkpoint();
  return {
    ...engine,
    countBuffers: await openBufferCounter(database, context),
    settings: await database.settings(),
  };
}

async function openEngine(context: RowContext, name: string, contextStore: ContextStore): Promise<Engine> {
  context.resources.defer(() => contextStore.close());
  const subjects: Subject[] = [];
  for (const size of sizesOf(context)) {
    context.progress(`${name}: filling a session with ${size} entries`);
    subjects.push(await fillSession(contextStore, size, context.signal));
  }
  return { name, subjects, settings: {} };
}

/** A session of one size that two agents hand to each other. */
class Subject {
  readonly size: number;
  readonly sessionKey: string;
  readonly #contextStore: ContextStore;
  #agents: readonly [owner: string, other: string] = ['planner', 'implementer'];
  #handoffId = '';

  constructor(contextStore: ContextStore, size: number) {
    this.#contextStore = contextStore;
    this.size = size;
    this.sessionKey = `log-${size}`;
  }

  /** Each operation works on what the one before it left. */
  readonly call: Readonly<Record<Operation, () => Promise<void>>> = {
    append: async () => {
      const [agent] = this.#agents;
      await this.#contextStore.updateContext({ sessionKey: this.sessionKey, agent, contextType: 'message', content });
    },
    'latest 20': async () => {
      await this.#contextStore.getContext({ sessionKey: this.sessionKey });
    },
    briefing: async () => {
      await this.#contextStore.getBriefing({ sessionKey: this.sessionKey });
    },
    requestHandoff: async () => {
      const [agent, targetAgent] = this.#agents;
      const offer = { sessionKey: this.sessionKey, agent, targetAgent, requestType: 'full_handoff' } as const;
      const { handoff } = await this.#contextStore.requestHandoff({ ...offer, summary: 'Half done.' });
      this.#handoffId = handoff.handoffId;
    },
    acceptHandoff: async () => {
      const [owner, other] = this.#agents;
      await this.#contextStore.acceptHandoff({ handoffId: this.#handoffId, agent: other });
      this.#agents = [other, owner];
    },
  };
}

async function fillSession(contextStore: ContextStore, size: number, signal: AbortSignal): Promise<Subject> {
  const subject = new Subject(contextStore, size);
  const { sessionKey } = subject;
  const agent = 'planner';
  await contextStore.registerSession({ sessionKey, agent });
  const atOnce = 256;
  for (let written = 0; written < size; written += atOnce) {
    signal.throwIfAborted();
    const numbers = Array.from({ length: Math.min(atOnce, size - written) }, (_, offset) => written + offset);
    await Promise.all(
      numbers.map((number) =>
        contextStore.updateContext({
          sessionKey,
          agent,
          contextType: 'message',
          content,
          pinned: number < pinnedEntries,
        }),
      ),
    );
  }
  return subject;
}

const variantName = (engine: string, operation: Operation, size: number): string =>
  `${engine}, ${operation}, ${size.toLocaleString('en')}`;

async function measureEngine({ name, subjects, countBuffers }: Engine, context: RowContext): Promise<RoundSamples> {
  context.progress(name);
  const groups = operations.map(
    (operation) =>
      new Map(
        subjects.map(({ size, call }): [string, TimedCall] => [
          variantName(name, operation, size),
          () => timeOf(call[operation]),
        ]),
      ),
  );
  const samples = await interleaveCalls(groups, callsInRound(context), context);
  if (countBuffers === undefined) return samples;
  const buffers = await measureBuffers(countBuffers, subjects, countedInRound(context));
  return new Map(
    [...samples].map(([variant, sample]) => [variant, { ...sample, facts: { buffers: buffers.get(variant) ?? NaN } }]),
  );
}

async function measureBuffers(
  countBuffers: CountBuffers,
  subjects: readonly Subject[],
  times: number,
): Promise<Map<string, number>> {
  const counts = new Map<string, number[]>();
  for (let time = 0; time < times; time += 1) {
    for (const operation of operations) {
      for (const { size, call } of subjects) {
        const variant = variantName('PostgreSQL', operation, size);
        counts.set(variant, [...(counts.get(variant) ?? []), await countBuffers(call[operation])]);
      }
    }
  }
  return new Map([...counts].map(([variant, values]) => [variant, median(values)]));
}

function comparisons([small, large]: Sizes): Comparison[] {
  const sides = (engine: string, operation: Operation) =>
    [variantName(engine, operation, large), variantName(engine, operation, small)] as const;
  const times = (engine: string): Comparison[] =>
    operations.map((operation) => ({
      name: `${engine}, ${operation}: p50 at ${large} / at ${small} entries`,
      value: compare(sides(engine, operation), p50Ms),
      bar: { atMost: 1.25 },
    }));
  const buffers = operations.map((operation): Comparison => ({
    name: `PostgreSQL, ${operation}: buffers at ${large} − at ${small} entries`,
    value: compare(sides('PostgreSQL', operation), fact('buffers'), (more, fewer) => more - fewer),
    bar: { atMost: 4 },
  }));
  return [...times('PostgreSQL'), ...times('SQLite'), ...buffers];
}
