import { setTimeout as sleep } from 'node:timers/promises';
import { openContextStore } from '../../src/index.js';

/** Works until SIGTERM, and tells its parent what it begins. `hangs` makes its handlers go on for ever. */
const [database = '', leaseSeconds, manner] = process.argv.slice(2);
const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());

const store = await openContextStore({ database, agent: 'worker' });
process.send?.({ isReady: true });
await store.work(
  { leaseSeconds: Number(leaseSeconds), concurrency: 2, signal: stop.signal, drainMs: 500 },
  async ({ session, append }) => {
    process.send?.({ began: session.sessionKey });
    await append({ contextType: 'message', content: `by ${process.pid}` });
    if (manner === 'hangs') await sleep(3_600_000, undefined, { ref: false });
    return { pid: process.pid };
  },
);
await store.close();
process.disconnect();
