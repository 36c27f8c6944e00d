import { ContextStoreError, type ListHandoffs, type Store } from '@org/domain';
import { createGroupCommit } from './group-commit.js';
import { openConnection } from './open-connection.js';
import type { ListedHandoffs } from './list-handoffs.js';
import type { Operation } from './operation.js';
import { prepareOperations } from './operations.js';
import { retryWhileBusy } from './retry-while-busy.js';
import { translateError } from './translate-error.js';

export interface SqliteStoreOptions {
  /** The database file. It is created, with its folder, when there is none. `:memory:` keeps everything in this process. */
  readonly path: string;
  /** The store's clock, in epoch milliseconds. Default: the system clock. */
  readonly clock?: (() => number) | undefined;
  /**
   * How long a call waits for the lock while another process writes, in milliseconds, before it throws
   * STORE_UNAVAILABLE. Default 5,000: a commit takes a few, so that a longer wait means that something hangs.
   */
  readonly lockWaitMs?: number | undefined;
}

/**
 * Opens a store in one SQLite file, which several processes may share. What it acknowledges has reached the disk.
 *
 * @throws STORE_UNAVAILABLE when the file cannot be created, opened, read or migrated, or is of a newer release
 */
export async function createSqliteStore({
  path,
  clock = Date.now,
  lockWaitMs = 5000,
}: SqliteStoreOptions): Promise<Store> {
  const connection = await openConnection(path, clock, lockWaitMs).catch((error: unknown) => {
    throw translateError(error, path);
  });
  const { reads, writes } = prepareOperations(connection);
  const groupCommit = createGroupCommit(connection, lockWaitMs);
  const underWay = new Set<Promise<unknown>>();
  let closing: Promise<void> | undefined;

  async function call<Answer>(start: () => Promise<Answer>): Promise<Answer> {
    if (closing !== undefined) throw new ContextStoreError('STORE_UNAVAILABLE', 'The store is closed. Open it again.');
    const answer = start();
    underWay.add(answer);
    try {
      return await answer;
    } catch (error) {
      throw translateError(error, path);
    } finally {
      underWay.delete(answer);
    }
  }

  async function close(): Promise<void> {
    await Promise.allSettled(underWay);
    connection.close();
  }

  const read =
    <Request, Answer>(operation: Operation<Request, Answer>) =>
    (request: Request): Promise<Answer> =>
      call(() => {
        const attempt = (): Answer => connection.readTransaction(() => operation(request, clock()));
        return retryWhileBusy(attempt, performance.now() + lockWaitMs);
      });

  const write =
    <Request, Answer>(operation: Operation<Request, Answer>) =>
    (request: Request): Promise<Answer> =>
      call(() => groupCommit.write(() => operation(request, clock())));

  return {
    createSession: write(writes.createSession),
    readSession: read(reads.readSession),
    listSessions: read(reads.listSessions),
    listSessionKeys: read(reads.listSessionKeys),
    updateSession: write(writes.updateSession),
    appendEntry: write(writes.appendEntry),
    readEntries: read(reads.readEntries),
    readBriefing: read(reads.readBriefing),
    createHandoff: write(writes.createHandoff),
    listHandoffs: listAndExpire(read(reads.listHandoffs), write(writes.expireOffers)),
    claimHandoff: write(writes.claimHandoff),
    resolveHandoff: write(writes.resolveHandoff),
    ping: read(reads.ping),
    close: () => (closing ??= close()),
  };
}

/** A list tells which offers it found to have lapsed; what that changes is written apart, so that lists are reads. */
const listAndExpire =
  (
    list: (request: ListHandoffs) => Promise<ListedHandoffs>,
    expire: (ids: readonly number[]) => Promise<void>,
  ): Store['listHandoffs'] =>
  async (request) => {
    const { page, lapsed } = await list(request);
    // A full disk, or a lock that is held for long, keeps nobody from reading: the next list will do it.
    if (lapsed.length > 0) await expire(lapsed).catch(() => undefined);
    return page;
  };
