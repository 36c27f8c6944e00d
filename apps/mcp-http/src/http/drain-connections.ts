import { once } from 'node:events';
import type { Server } from 'node:http';
import { setImmediate } from 'node:timers/promises';

/** How often connections without a request are closed, and for how many rounds a silent connection is kept. */
const [sweepEveryMs, roundsForSilence] = [50, 10];

/**
 * Closes the port, and resolves when all requests under way are answered. After `cutAfterMs` it cuts the connections that
 * are left.
 */
export async function drainConnections(server: Server, underWay: () => number, cutAfterMs: number): Promise<void> {
  const closed = once(server, 'close');
  await acceptPending(server);
  server.close();
  // The server would also wait for idle keep-alive connections, and for connections that never send a request.
  let quietRounds = 0;
  const sweep = setInterval(() => {
    server.closeIdleConnections();
    quietRounds = underWay() === 0 ? quietRounds + 1 : 0;
    if (quietRounds > roundsForSilence) server.closeAllConnections();
  }, sweepEveryMs);
  const cut = setTimeout(() => server.closeAllConnections(), cutAfterMs);
  await closed;
  clearInterval(sweep);
  clearTimeout(cut);
}

/**
 * Accepts the connections that wait in the system's queue: closing the port would reset them, and their calls would fail.
 * Each turn of the event loop accepts one. The queue is empty after a turn that brought none, if that turn was short: during
 * a long turn, other events may have kept the server from accepting.
 */
async function acceptPending(server: Server): Promise<void> {
  let isBusy = true;
  const note = (): void => void (isBusy = true);
  server.on('connection', note);
  for (let turns = 0; isBusy && turns < maxTurns; turns += 1) {
    isBusy = false;
    const startMs = performance.now();
    await setImmediate();
    isBusy ||= performance.now() - startMs > shortTurnMs;
  }
  server.off('connection', note);
}

const [maxTurns, shortTurnMs] = [1000, 0.5];
