import { constants, getPriority, setPriority } from 'node:os';

export interface Precedence extends Disposable {
  /** The user needs root's rights. */
  readonly isGranted: boolean;
}

/**
 * Asks the system to run this process before others until it is disposed of. On a machine that driver and server share, a
 * driver that waits for its turn sends late.
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
