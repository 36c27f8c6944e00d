import { setTimeout } from 'node:timers/promises';
import { createRedisBus } from '../src/index.js';

/** A process that uses a bus and closes it on request. Then nothing must keep it alive. */

const [url = ''] = process.argv.slice(2);
const bus = createRedisBus({ url, deployment: 'test', onStateChange: () => process.send?.('changed') });
bus.subscribe(() => undefined);
bus.publish({ kind: 'something_changed' });

process.once('message', () => {
  void (async () => {
    bus.publish({ kind: 'handoff_offered', namespace: 'team' });
    // Long enough to notice that Redis is gone.
    await setTimeout(100);
    bus.publish({ kind: 'session_changed', namespace: 'team', sessionKey: 'work' });
    await bus.close();
    process.disconnect();
  })();
});
