import { Client } from 'pg';

/** A statement as the library hands it to the driver. */
export interface NamedStatement {
  readonly name: string;
  readonly text: string;
  readonly values: unknown[];
}

export interface Recording {
  readonly statements: readonly NamedStatement[];
  /** How many connections they came through. */
  readonly connections: number;
}

/** Overhears what the library sends while something runs, in this process. */
export async function recordStatements(run: () => Promise<unknown>): Promise<Recording> {
  const statements: NamedStatement[] = [];
  const connections = new Set<Client>();
  await interceptStatements((statement, connection) => {
    statements.push({ ...statement, values: [...statement.values] });
    connections.add(connection);
  }, run);
  return { statements, connections: connections.size };
}

/**
 * Looks at each named statement while something runs, in this process, before it goes to the server.
 *
 * @param look the statement waits for what this returns
 */
export async function interceptStatements(
  look: (statement: NamedStatement, connection: Client) => Promise<void> | void,
  run: () => Promise<unknown>,
): Promise<void> {
  const { prototype } = Client;
  const original = Reflect.get(prototype, 'query') as (...args: unknown[]) => unknown;
  function intercepted(this: Client, ...args: unknown[]): unknown {
    const [config] = args;
    if (!isNamedStatement(config)) return original.apply(this, args);
    const looked = look(config, this);
    return looked === undefined ? original.apply(this, args) : looked.then(() => original.apply(this, args));
  }
  Object.assign(prototype, { query: intercepted });
  try {
    await run();
  } finally {
    Object.assign(prototype, { query: original });
  }
}

/** Only what the library sends has a name: what measures it does without. */
function isNamedStatement(config: unknown): config is NamedStatement {
  return typeof config === 'object' && config !== null && 'name' in config && 'text' in config && 'values' in config;
}
