import type { Connection } from '../connection/connection.js';
import type { Operation } from '../operations/operation.js';
import { primaryCode } from '../connection/translate-error.js';

/** Records one run. `failure` is SQLite's result code; a refusal is not a failure. */
export type RecordStatement = (name: string, durationMs: number, failure?: string) => void;
// oxlint-disable-next-line typescript/no-explicit-any -- operations are functions of one argument each, of any type
type AnyOperation = Operation<any, unknown>;

/**
 * Records the duration of each operation as one statement, with the operation's name in snake case. Its statements take
 * microseconds, so recording each would cost more than running it.
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
    let failure: string | undefined;
    try {
      return run(request, nowMs);
    } catch (error) {
      failure = primaryCode(error);
      throw error;
    } finally {
      record(name, performance.now() - startMs, failure);
    }
  };
}

/** Records the duration of commits. That is where SQLite waits for the disk. */
export function measureCommits(connection: Connection, record: RecordStatement): Connection {
  return {
    ...connection,
    writeTransaction: (run) => {
      let startMs: number | undefined;
      let failure: string | undefined;
      try {
        return connection.writeTransaction(() => {
          const result = run();
          startMs = performance.now();
          return result;
        });
      } catch (error) {
        failure = primaryCode(error);
        throw error;
      } finally {
        if (startMs !== undefined) record('commit', performance.now() - startMs, failure);
      }
    },
  };
}

const snakeCase = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
