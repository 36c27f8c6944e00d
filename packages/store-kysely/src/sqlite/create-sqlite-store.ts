import { existsSync } from 'node:fs';
import type { Store, Telemetry } from '@org/domain';
import { olderSchema } from '../schema-version.js';
import { createSettler, type NoticeUnsettled } from '../settler.js';
import type { Connection } from './connection/connection.js';
import type { SqliteFileState } from './files/sqlite-file-state.js';
import { measureCommits, measureOperations, type RecordStatement } from './transactions/measure-statements.js';
import { requireSchema } from './schema/migrate.js';
import { migrations } from './schema/migrations/index.js';
import { openConnection } from './connection/open-connection.js';
import { createOperationRunner } from './transactions/operation-runner.js';
import { prepareOperations } from './operations/operations.js';
import { translateError } from './connection/translate-error.js';

export interface SqliteStoreOptions {
  /**
   * The database file. It is created with its folder if it does not exist. `:memory:` keeps all data in this process.
   */
  readonly path: string;
  /**
   * Whether to migrate the file to the schema of this release. Default: yes. If not, the file must have that schema. A
   * database in memory is always migrated.
   */
  readonly migrate?: boolean | undefined;
  /** The store's clock, in epoch milliseconds. Default: the system clock. */
  readonly clock?: (() => number) | undefined;
  /**
   * How long a call waits for the lock while another process writes, in milliseconds, before it throws
   * STORE_UNAVAILABLE. Default: 5,000. A commit takes a few milliseconds, so a longer wait means that a process hangs.
   */
  readonly lockWaitMs?: number | undefined;
  /**
   * Is called when a file of the open database was removed or replaced, and again when the files at the path have been
   * opened. In between, calls throw STORE_UNAVAILABLE. It must not throw.
   */
  readonly onStateChange?: ((state: SqliteFileState) => void) | undefined;
  /** Records operations and commits. Default: none; `openContextStore` passes its telemetry. */
  readonly telemetry?: Telemetry | undefined;
}

/** A store, and the version of its file, which a bus polls. */
export interface SqliteStore extends Store {
  /**
   * Returns a number that changes when another process, or another store of this process, has written to the file.
   * @throws driver errors, also after the store was closed
   */
  readonly dataVersion: () => number;
}

/**
 * Opens a store in one SQLite file, which several processes may share. Acknowledged writes have reached the disk.
 *
 * @throws STORE_UNAVAILABLE if the file cannot be created, opened, read or migrated, or is of a newer release
 */
export async function createSqliteStore({
  path,
  migrate = true,
  clock = Date.now,
  lockWaitMs = 5000,
  onStateChange,
  telemetry,
}: SqliteStoreOptions): Promise<SqliteStore> {
  const connection = await open(path, migrate, clock, lockWaitMs).catch((error: unknown) => {
    throw translateError(error, path);
  });
  const { reads, writes, measured } = measure(connection, telemetry, (found) => settler.notice(found));
  const settler = createSettler({
    settleLeases: (namespace) => measured.writeTransaction(() => writes.settleDueLeases(namespace, clock())),
    expireOffers: (handoffRowIds) => measured.writeTransaction(() => writes.expireOffers(handoffRowIds, clock())),
  });
  const running = { path, clock, lockWaitMs, telemetry, onStateChange };
  const { read, write, close } = createOperationRunner(measured, running);
  const deleteSession = write(writes.deleteSession);
  const readMark = read(reads.readMark);
  const moveMark = write(writes.moveMark);

  return {
    createSession: write(writes.createSession),
    readSession: read(reads.readSession),
    listSessions: read(reads.listSessions),
    listSessionKeys: read(reads.listSessionKeys),
    updateSession: write(writes.updateSession),
    deleteSession: async (request) => {
      await deleteSession(request);
      try {
        connection.emptyLog();
      } catch {
        // The session is deleted. Its data in the log is overwritten by later writes, or removed when the last process
        // closes the file.
      }
    },
    appendEntry: write(writes.appendEntry),
    readEntries: read(reads.readEntries),
    readTail: read(reads.readTail),
    readLogEnd: read(reads.readLogEnd),
    markRead: (request) => (request.sequence === undefined ? readMark(request) : moveMark(request)),
    readBriefing: read(reads.readBriefing),
    createHandoff: write(writes.createHandoff),
    readHandoff: read(reads.readHandoff),
    listHandoffs: read(reads.listHandoffs),
    peekInboxes: read(reads.peekInboxes),
    claimHandoff: write(writes.claimHandoff),
    resolveHandoff: write(writes.resolveHandoff),
    noteAgents: write(writes.noteAgents),
    listAgents: read(reads.listAgents),
    takeOverSession: write(writes.takeOverSession),
    countNamespace: read(reads.countNamespace),
    ping: read(reads.ping),
    close: async () => {
      await Promise.all([settler.close(), close()]);
    },
    dataVersion: () => connection.dataVersion(),
  };
}

/** Operations, and the connection that runs them. */
function measure(connection: Connection, telemetry: Telemetry | undefined, notice: NoticeUnsettled) {
  const { reads, writes } = prepareOperations(connection, notice);
  if (telemetry === undefined) return { reads, writes, measured: connection };
  const record: RecordStatement = (name, durationMs, failure) =>
    telemetry.recordStatement(name, durationMs, 'sqlite', failure);
  return {
    reads: measureOperations(reads, record),
    writes: measureOperations(writes, record),
    measured: measureCommits(connection, record),
  };
}

async function open(path: string, migrate: boolean, clock: () => number, lockWaitMs: number): Promise<Connection> {
  if (migrate || path === ':memory:') return openConnection(path, clock, lockWaitMs);
  // Opening the database would create an empty file.
  if (!existsSync(path)) throw olderSchema(path, 0, migrations.length);
  return openConnection(path, clock, lockWaitMs, requireSchema);
}
