import type { Connection } from './connection.js';
import type { Operation } from './operation.js';

export type RecordStatement = (name: string, durationMs: number) => void;
// oxlint-disable-next-line typescript/no-explicit-any -- operations are functions of one argument each, of any type
type AnyOperation = Operation<any, unknown>;

/**
 * Operations that tell how long they took, each as one statement by its name in snake case: what they run takes
 * microseconds, and not much besides.
 */
export function measureOperations<Operations extends Readonly<Record<string, AnyOperation>>>(
  operations: Operations,
  record: RecordStatement,
): Operations {
  const measured = Object.entries(operations).map(([name, run]) => [
    name,
    measureOperation(snakeCase(name), run, record),
  ]);
  return Object.fromEntries(measured) as Operations;
}

function measureOperation(name: string, run: AnyOperation, record: RecordStatement): AnyOperation {
  return (request, nowMs) => {
    const startMs = performance.now();
    try {
      return run(request, nowMs);
    } finally {
      record(name, performance.now() - startMs);
    }
  };
}

/** A connection that tells how long the commits of its writes took: that is where SQLite waits for the disk. */
export function measureCommits(connection: Connection, record: RecordStatement): Connection {
  return {
    ...connection,
    writeTransaction: (run) => {
      let startMs: number | undefined;
      try {
        return connection.writeTransaction(() => {
          const result = run();
          startMs = performance.now();
          return result;
        });
      } finally {
        if (startMs !== undefined) record('commit', performance.now() - startMs);
      }
    },
  };
}

const snakeCase = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
