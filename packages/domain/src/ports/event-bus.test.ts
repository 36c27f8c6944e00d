import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { createMemoryBus, type StoreEvent } from './event-bus.js';

const changed: StoreEvent = { kind: 'session_changed', namespace: 'n', sessionKey: 'work' };

describe('the memory bus', () => {
  it('reaches every subscription, also two of one listener, until it ends', () => {
    const bus = createMemoryBus();
    const heard: StoreEvent[] = [];
    const listener = (event: StoreEvent): void => void heard.push(event);
    const stopFirst = bus.subscribe(listener);
    bus.subscribe(listener);
    bus.publish(changed);
    expect(heard).toEqual([changed, changed]);
    stopFirst();
    stopFirst();
    bus.publish(changed);
    expect(heard).toHaveLength(3);
  });

  it('lets a listener end its subscription while it listens', () => {
    const bus = createMemoryBus();
    const heard: string[] = [];
    const stop = bus.subscribe(() => {
      heard.push('first');
      stop();
    });
    bus.subscribe(() => heard.push('second'));
    bus.publish(changed);
    bus.publish(changed);
    expect(heard).toEqual(['first', 'second', 'second']);
  });

  it('calls no listener after it is closed', async () => {
    const bus = createMemoryBus();
    const heard: StoreEvent[] = [];
    bus.subscribe((event) => heard.push(event));
    await bus.close();
    bus.publish(changed);
    expect(heard).toEqual([]);
  });

  it('hides the error of a listener from the publisher and from other listeners', async () => {
    const bus = createMemoryBus();
    const heard: StoreEvent[] = [];
    bus.subscribe(() => {
      throw new Error('a defect of the listener');
    });
    bus.subscribe((event) => heard.push(event));
    const others = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    try {
      const uncaught = once(process, 'uncaughtException');
      expect(() => bus.publish(changed)).not.toThrow();
      expect(heard).toEqual([changed]);
      expect((await uncaught)[0]).toMatchObject({ message: 'a defect of the listener' });
    } finally {
      for (const listener of others) process.on('uncaughtException', listener);
    }
  });
});
