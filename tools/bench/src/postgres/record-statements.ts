import { Client } from 'pg';

/** A statement as the library handed it to the driver. */
export interface RecordedStatement {
  readonly name: string;
  readonly text: string;
  readonly values: unknown[];
}

export interface Recording {
  readonly statements: readonly RecordedStatement[];
  /** How many connections they came through. */
  readonly connections: number;
}

/** Overhears what goes through the driver while something runs, in this process. */
export async function recordStatements(run: () => Promise<unknown>): Promise<Recording> {
  const statements: RecordedStatement[] = [];
  const connections = new Set<unknown>();
  const { prototype } = Client;
  const original = Reflect.get(prototype, 'query') as (...args: unknown[]) => unknown;
  function overheard(this: unknown, ...args: unknown[]): unknown {
    const [config] = args;
    if (isNamedStatement(config)) {
      statements.push({ name: config.name, text: config.text, values: [...config.values] });
      connections.add(this);
    }
    return original.apply(this, args);
  }
  Object.assign(prototype, { query: overheard });
  try {
    await run();
  } finally {
    Object.assign(prototype, { query: original });
  }
  return { statements, connections: connections.size };
}

function isNamedStatement(config: unknown): config is RecordedStatement {
  return typeof config === 'object' && config !== null && 'name' in config && 'text' in config && 'values' in config;
}
