import type { EventEmitter } from 'node:events';
import { createMcpClient, type McpClient } from '@org/measure/mcp-client';
import { runFlow } from '../run-flow.js';
import type { Flow } from '../scenario.js';
import { variablesOf, type PoolSettings } from '../session-pool.js';

/** The part of a script that the engine reads. */
interface ArtilleryScript {
  readonly config: {
    readonly target: string;
    readonly engines: { readonly mcp: PoolSettings };
  };
}

/** The environment variable with the bearer token, if the server needs one. */
export const tokenVariable = 'LOAD_TOKEN';

/** Runs one virtual user, and calls `done` at its end. */
type VirtualUser = (context: unknown, done: (error: Error | null, context: unknown) => void) => Promise<void>;

/** The engine `mcp`. Artillery creates one for a script, and a virtual user for each arrival. */
export class McpEngine {
  readonly #client: McpClient;
  readonly #nextVariables: () => Record<string, string>;

  constructor({ config: { target, engines } }: ArtilleryScript) {
    this.#client = createMcpClient({ url: target, era: 'modern', token: process.env[tokenVariable] });
    this.#nextVariables = variablesOf(engines.mcp);
  }

  createScenario(flow: Flow, events: EventEmitter): VirtualUser {
    return async (context, done) => {
      events.emit('started');
      let failure: Error | null = null;
      await runFlow({
        flow,
        variables: this.#nextVariables(),
        client: this.#client,
        intendedMs: performance.now(),
        record: ({ tool, sentMs, endMs, errorCode }) => {
          events.emit('histogram', `mcp.${tool}`, endMs - sentMs);
          if (errorCode === undefined) return;
          // Artillery counts errors by their code.
          events.emit('error', errorCode);
          failure = new Error(errorCode);
        },
      });
      done(failure, context);
    };
  }
}
