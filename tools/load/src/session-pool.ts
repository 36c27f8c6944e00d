import { randomBytes } from 'node:crypto';
import type { McpClient } from '@org/bench/mcp-client';
import type { Scenario } from './scenario.js';
import type { VariableName } from './template.js';
import { UnusableServer } from './unusable-server.js';

/** Sessions are spread over so many owners. */
const agents = 100;
const seedingCallers = 32;

/** The sessions of a run, by names that no other run has. */
export interface SessionPool {
  /** What a flow fills its placeholders with: a session, its owner, another agent, a key that is free, and a text. */
  readonly variables: () => Record<VariableName, string>;
  /**
   * Creates the sessions with their first entries, through the tools.
   *
   * @throws UnusableServer when a call fails
   */
  readonly seed: (client: McpClient, options: SeedOptions) => Promise<void>;
}

export interface SeedOptions {
  readonly signal: AbortSignal;
  /** Called after each session. */
  readonly onSession: (done: number) => void;
}

export type PoolSettings = Pick<Scenario, 'sessions' | 'entriesPerSession' | 'contentBytes' | 'choose'>;

/** @param run tells the run from others on the same server */
export function createSessionPool(settings: PoolSettings, run: string): SessionPool {
  const { sessions, entriesPerSession, choose } = settings;
  const content = textOf(settings.contentBytes);
  // Artillery has several workers, each with a pool.
  const unique = randomBytes(4).toString('hex');
  let created = 0;
  let turn = 0;

  function variables(): Record<VariableName, string> {
    const index = choose === 'in turn' ? turn++ % sessions : Math.floor(Math.random() * sessions);
    created += 1;
    return {
      session: `${run}-${index}`,
      owner: agent(index),
      other: agent(index + 1),
      newSession: `${run}-${unique}-${created}`,
      content,
    };
  }

  async function seedOne(client: McpClient, index: number): Promise<void> {
    const own = { sessionKey: `${run}-${index}`, agent: agent(index) };
    await mustSucceed(client, 'registerSession', own);
    for (let entry = 0; entry < entriesPerSession; entry += 1) {
      await mustSucceed(client, 'updateContext', { ...own, contextType: 'message', content });
    }
  }

  return {
    variables,
    async seed(client, { signal, onSession }) {
      let next = 0;
      let done = 0;
      const seedNext = async (): Promise<void> => {
        while (next < sessions) {
          signal.throwIfAborted();
          const index = next;
          next += 1;
          await seedOne(client, index);
          done += 1;
          onSession(done);
        }
      };
      await Promise.all(Array.from({ length: seedingCallers }, seedNext));
    },
  };
}

const agent = (index: number): string => `agent-${index % agents}`;

async function mustSucceed(client: McpClient, tool: string, args: Record<string, unknown>): Promise<void> {
  const answer = await client.callTool(tool, args);
  if (!('errorCode' in answer)) return;
  const { errorCode } = answer;
  const hint = errorCode in hints ? `: ${hints[errorCode]}` : '';
  throw new UnusableServer(`Before the run, ${tool} failed with ${errorCode}${hint}`);
}

/** What to do about what strangers run into first. */
const hints: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'is the server up, and --target its address?',
  'HTTP 404': 'does the path of --target end in /mcp?',
  'HTTP 401': 'the server asks for a --token.',
  FORBIDDEN: 'the run speaks for many agents, so its --token must be bound to none.',
};

const sentence = 'Decided: the log is immutable, and its readers keep their own positions. ';

const textOf = (bytes: number): string => sentence.repeat(Math.ceil(bytes / sentence.length)).slice(0, bytes);
