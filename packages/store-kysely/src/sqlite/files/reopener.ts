import type { Connection } from '../connection/connection.js';

/** Whether a store has the files open that lie at its path. */
export type SqliteFileState = { readonly isOpen: true } | { readonly isOpen: false; readonly reason: string };

/** Opens a connection again when its files were removed or replaced and others lie at its path. */
export interface Reopener {
  /** Undefined while the files are open; else resolves when those at the path are. @throws as `Connection.reopen` does */
  readonly whenOpen: () => Promise<void> | undefined;
  /** Notes that the files were removed or replaced. */
  readonly noteLoss: (change: string) => void;
  readonly close: () => Promise<void>;
}

/** An idle process keeps files for this long that other processes cannot see. A look takes microseconds. */
const lookIntervalMs = 500;

export function createReopener(connection: Connection, onStateChange: (state: SqliteFileState) => void): Reopener {
  let isLost = false;
  let reopening: Promise<void> | undefined;

  function noteLoss(change: string): void {
    if (isLost) return;
    isLost = true;
    onStateChange({ isOpen: false, reason: `${change} while it was open.` });
  }

  async function reopen(): Promise<void> {
    try {
      await connection.reopen();
      isLost = false;
      onStateChange({ isOpen: true });
    } finally {
      reopening = undefined;
    }
  }

  const whenOpen = (): Promise<void> | undefined => (isLost ? (reopening ??= reopen()) : undefined);

  const timer = setInterval(() => {
    const change = connection.findChange();
    if (change === undefined) return;
    noteLoss(change);
    whenOpen()?.catch(() => undefined);
  }, lookIntervalMs);
  timer.unref();

  return {
    whenOpen,
    noteLoss,
    close: async () => {
      clearInterval(timer);
      await reopening?.catch(() => undefined);
    },
  };
}
