import { randomUUID } from 'node:crypto';
import type { McpClient } from '@org/measure/mcp-client';
import { MissingService } from '@org/measure/run-command';
import type { Scenario } from './scenario.js';

/** What the sessions of a run are. Each run has a prefix of session keys that no other run has. */
export interface PoolSettings extends Pick<Scenario, 'sessions' | 'entriesPerSession' | 'choose'> {
  readonly prefix: string;
}

/** How many agents own the sessions. */
const agents = 100;
const agent = (index: number): string => `agent-${index % agents}`;
/** 500 bytes. */
const content = 'Decided: the log is immutable, and readers keep their positions. '.repeat(8).slice(0, 500);

/** Returns what gives each flow its placeholders: a session, its owner, another agent, an unused key, and a text. */
export function variablesOf({ prefix, sessions, choose }: PoolSettings): () => Record<string, string> {
  let turn = 0;
  return () => {
    const index = choose === 'in turn' ? turn++ % sessions : Math.floor(Math.random() * sessions);
    return {
      session: `${prefix}-${index}`,
      owner: agent(index),
      other: agent(index + 1),
      newSession: `${prefix}-${randomUUID()}`,
      content,
    };
  };
}

const seedingCallers = 32;

/** Creates the sessions with their first entries, through the tools. Throws `MissingService` if a call fails. */
export async function seedSessions(
  { prefix, sessions, entriesPerSession }: PoolSettings,
  client: McpClient,
  signal: AbortSignal,
): Promise<void> {
  const indexes = Array.from({ length: sessions }, (_, index) => index).values();
  const seedNext = async (): Promise<void> => {
    for (const index of indexes) {
      signal.throwIfAborted();
      const own = { sessionKey: `${prefix}-${index}`, agent: agent(index) };
      await mustSucceed(client, 'registerSession', own);
      for (let entry = 0; entry < entriesPerSession; entry += 1) {
        await mustSucceed(client, 'updateContext', { ...own, contextType: 'message', content });
      }
    }
  };
  await Promise.all(Array.from({ length: seedingCallers }, seedNext));
}

async function mustSucceed(client: McpClient, tool: string, args: Record<string, unknown>): Promise<void> {
  const answer = await client.callTool(tool, args);
  if (!('errorCode' in answer)) return;
  const hint = 'is the server up, and are --target and --token right? No --token may be bound to one agent.';
  throw new MissingService(`Before the run, ${tool} failed with ${answer.errorCode}: ${hint}`);
}
