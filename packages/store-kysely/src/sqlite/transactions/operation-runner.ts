import { createLifeCycle } from '@org/domain';
import type { Connection } from '../connection/connection.js';
import { FilesChangedError } from '../files/files-changed-error.js';
import { createGroupCommit, type Attribution } from './group-commit.js';
import { createReopener } from '../files/reopener.js';
import type { SqliteFileState } from '../files/sqlite-file-state.js';
import type { Operation } from '../operations/operation.js';
import { retryWhileBusy } from './retry-while-busy.js';
import { translateError } from '../connection/translate-error.js';

/** Runs operations, each in a transaction, until it is closed. */
export interface OperationRunner {
  /** For operations that only read. Reads and writes do not block each other. */
  readonly read: <Request, Answer>(operation: Operation<Request, Answer>) => (request: Request) => Promise<Answer>;
  /** For operations that write. */
  readonly write: <Request, Answer>(operation: Operation<Request, Answer>) => (request: Request) => Promise<Answer>;
  /** Waits for the operations under way, then closes the connection. Later calls throw STORE_UNAVAILABLE. */
  readonly close: () => Promise<void>;
}

export interface OperationRunnerOptions {
  readonly path: string;
  readonly clock: () => number;
  readonly lockWaitMs: number;
  readonly telemetry?: Attribution | undefined;
  readonly onStateChange?: ((state: SqliteFileState) => void) | undefined;
}

export function createOperationRunner(
  connection: Connection,
  { path, clock, lockWaitMs, telemetry, onStateChange = () => undefined }: OperationRunnerOptions,
): OperationRunner {
  const groupCommit = createGroupCommit(connection, lockWaitMs, undefined, telemetry);
  const reopener = createReopener(connection, onStateChange);
  const lifeCycle = createLifeCycle(async (settled) => {
    await settled;
    await reopener.close();
    connection.close();
  });

  async function call<Answer>(start: () => Promise<Answer>, mayWrite: boolean): Promise<Answer> {
    try {
      return await lifeCycle.run(() => reopener.whenOpen()?.then(start) ?? start());
    } catch (error) {
      if (error instanceof FilesChangedError) reopener.noteLoss(error.change);
      throw translateError(error, path, mayWrite);
    }
  }

  return {
    read: (operation) => (request) =>
      call(
        () =>
          retryWhileBusy(
            () => connection.readTransaction(() => operation(request, clock())),
            performance.now() + lockWaitMs,
          ),
        false,
      ),
    write: (operation) => (request) => call(() => groupCommit.write(() => operation(request, clock())), true),
    close: () => lifeCycle.close(),
  };
}
