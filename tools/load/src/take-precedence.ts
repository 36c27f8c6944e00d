import { constants, getPriority, setPriority } from 'node:os';

export interface Precedence extends Disposable {
  /** It takes root's rights. */
  readonly isGranted: boolean;
}

/**
 * Asks to be given a core before other processes, until it is disposed of: on a machine that driver and server share, a
 * driver that waits for its turn sends late, and measures that.
 */
export function takePrecedence(): Precedence {
  const before = getPriority();
  const isGranted = succeeds(() => setPriority(constants.priority.PRIORITY_HIGH));
  return { isGranted, [Symbol.dispose]: () => void (isGranted && succeeds(() => setPriority(before))) };
}

function succeeds(change: () => void): boolean {
  try {
    change();
    return true;
  } catch {
    return false;
  }
}
