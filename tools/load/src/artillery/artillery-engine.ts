import type { EventEmitter } from 'node:events';
import { createMcpClient, type McpClient } from '@org/measure/mcp-client';
import { metricNames, tokenVariable, type ArtilleryScript } from './artillery-script.js';
import { runFlow, type CallRecord } from '../scenario/run-flow.js';
import type { Flow } from '../scenario/scenario.js';
import { createSessionPool, type SessionPool } from '../scenario/session-pool.js';

/** Runs one virtual user, and calls `done` at its end. */
type VirtualUser = (context: unknown, done: (error: Error | null, context: unknown) => void) => Promise<void>;

/** The engine `mcp`. Artillery creates one for a script, and a virtual user for each arrival. */
export class McpEngine {
  readonly #client: McpClient;
  readonly #pool: SessionPool;

  constructor({ config: { target, engines } }: ArtilleryScript) {
    const { run, era, ...pool } = engines.mcp;
    this.#client = createMcpClient({ url: target, era, token: process.env[tokenVariable] });
    this.#pool = createSessionPool(pool, run);
  }

  createScenario(flow: Flow, events: EventEmitter): VirtualUser {
    const record = ({ tool, sentMs, endMs, errorCode }: CallRecord): void => {
      events.emit('histogram', metricNames.tool(tool), endMs - sentMs);
      if (errorCode === undefined) return;
      events.emit('counter', metricNames.failed(tool), 1);
      events.emit('error', errorCode);
    };
    return async (context, done) => {
      events.emit('started');
      const options = { flow, variables: this.#pool.variables(), client: this.#client, intendedMs: performance.now() };
      await runFlow({ ...options, record });
      done(null, context);
    };
  }
}
