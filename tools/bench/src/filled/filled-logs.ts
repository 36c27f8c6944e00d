import type { Store } from '@org/domain';

/** A database in which every session has a log of the same length. */
export interface FilledLogs {
  readonly openStore: () => Promise<Store>;
  /** How lookAtCpu knows the processes of its server; undefined when it has none, and works in the driver's. */
  readonly serverName: string | undefined;
  /**
   * Entries that the server has read so far, by whatever index, for whoever asked. A store that read before has to be idle,
   * and is made to tell of it. Absent: nobody counts them.
   */
  readonly rowsRead?: ((store: Store) => Promise<number>) | undefined;
  readonly settings: Readonly<Record<string, string>>;
}

export const entriesEach = 200;
/** Every so manieth entry is pinned. */
export const pinnedEvery = 20;
export const tokensEach = 143;
