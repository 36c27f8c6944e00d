import { randomBytes } from 'node:crypto';
import type { McpClient } from '@org/measure/mcp-client';
import { MissingService } from '@org/measure/run-command';
import { sampleText } from '@org/measure/sample-text';
import type { Scenario } from './scenario.js';
import type { VariableName } from './template.js';

/** How many agents own the sessions. */
const agents = 100;
const seedingCallers = 32;

/** The sessions of a run, with keys that no other run has. */
export interface SessionPool {
  /** What a flow fills its placeholders with: a session, its owner, another agent, an unused key, and a text. */
  readonly variables: () => Record<VariableName, string>;
  /**
   * Creates the sessions with their first entries, through the tools.
   *
   * @throws MissingService if a call fails
   */
  readonly seed: (client: McpClient, signal: AbortSignal) => Promise<void>;
}

export type PoolSettings = Pick<Scenario, 'sessions' | 'entriesPerSession' | 'contentBytes' | 'choose'>;

/** @param run the prefix of its session keys */
export function createSessionPool(settings: PoolSettings, run: string): SessionPool {
  const { sessions, entriesPerSession, choose } = settings;
  const content = sampleText(settings.contentBytes);
  // Artillery may have several workers, each with a pool.
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
    async seed(client, signal) {
      let next = 0;
      const seedNext = async (): Promise<void> => {
        while (next < sessions) {
          signal.throwIfAborted();
          const index = next;
          next += 1;
          await seedOne(client, index);
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
  throw new MissingService(`Before the run, ${tool} failed with ${errorCode}${hint}`);
}

/** What to do about frequent mistakes. */
const hints: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'is the server up, and --target its address?',
  'HTTP 404': 'does the path of --target end in /mcp?',
  'HTTP 401': 'the server asks for a --token.',
  FORBIDDEN: 'the run calls as many agents, so its --token must be bound to none.',
};
