import { Client } from 'pg';

/** A statement as the library hands it to the driver. */
export interface NamedStatement {
  readonly name: string;
  readonly text: string;
  readonly values: unknown[];
}

/**
 * Shows each named statement of this process before it is sent, while something runs.
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

/** The library names its statements; the benchmark does not. */
function isNamedStatement(config: unknown): config is NamedStatement {
  return typeof config === 'object' && config !== null && 'name' in config && 'text' in config && 'values' in config;
}
