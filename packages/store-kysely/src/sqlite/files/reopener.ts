import type { Connection } from '../connection/connection.js';
import type { SqliteFileState } from './sqlite-file-state.js';

/** Opens a connection again after its files were removed or replaced, when there are files at its path. */
export interface Reopener {
  /**
   * Returns undefined if the files are open. Otherwise returns a promise that resolves when the files at the path are
   * open.
   */
  readonly whenOpen: () => Promise<void> | undefined;
  /** Records that the files were removed or replaced. */
  readonly noteLoss: (change: string) => void;
  readonly close: () => Promise<void>;
}

/** How often an idle process checks its files. A check takes microseconds. */
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
