import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { noTelemetry, type EventBus, type StoreEvent, type Telemetry } from '@org/domain';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRedisBus, type RedisBusOptions } from '../src/index.js';
import { eventually, plainClient, redisUrl, type PlainClient } from '@org/redis-connection/testing';

const offer: StoreEvent = { kind: 'handoff_offered', namespace: 'team', targetAgent: 'role:reviewer' };
const last: StoreEvent = { kind: 'handoff_offered', namespace: 'team', targetAgent: 'last' };
const changed = (sessionKey: string): StoreEvent => ({ kind: 'session_changed', namespace: 'team', sessionKey });
const something: StoreEvent = { kind: 'something_changed' };

describe('a bus over Redis', () => {
  let redis: PlainClient;
  let deployment: string;
  let channel: string;
  let buses: EventBus[];

  beforeEach(async () => {
    redis = await plainClient();
    deployment = `test-${randomUUID()}`;
    channel = `context-store:${deployment}:events:v2`;
    buses = [];
  });
  afterEach(async () => {
    await Promise.all(buses.map((bus) => bus.close()));
    redis.close();
  });

  function openBus(options: Partial<RedisBusOptions> = {}): EventBus {
    const bus = createRedisBus({ url: redisUrl, deployment, ...options });
    buses.push(bus);
    return bus;
  }

  /** Collects what a listener receives once the subscription is up, without the event for its start. */
  async function receive(bus: EventBus): Promise<StoreEvent[]> {
    const received: StoreEvent[] = [];
    bus.subscribe((event) => received.push(event));
    await eventually(() => expect(received).toEqual([something]));
    received.length = 0;
    return received;
  }

  async function receiveLast(received: readonly StoreEvent[]): Promise<void> {
    await eventually(() => expect(received).toContainEqual(last));
  }

  async function subscriptions(): Promise<unknown> {
    return ((await redis.command('PUBSUB', 'NUMSUB', channel)) as unknown[])[1];
  }

  it('is up from its first use until it is closed, and the metric shows it', async () => {
    const links = new Map<() => boolean | undefined, string>();
    const telemetry: Telemetry = {
      ...noTelemetry,
      observeLink: (link, isUp) => {
        links.set(isUp, link);
        return () => links.delete(isUp);
      },
    };
    const bus = openBus({ telemetry });
    const states = (): unknown => [...links].map(([isUp, link]) => [link, isUp()]);
    expect(states()).toEqual([['bus', undefined]]);
    bus.publish(offer);
    await eventually(() => expect(states()).toEqual([['bus', true]]));
    await bus.close();
    expect(links.size).toBe(0);
  });

  it('delivers events to other processes, and once and at once to its own listeners', async () => {
    const [here, there] = [openBus(), openBus()];
    const [receivedHere, receivedThere] = [await receive(here), await receive(there)];
    here.publish(offer);
    expect(receivedHere).toEqual([offer]);
    await eventually(() => expect(receivedThere).toEqual([offer]));
    there.publish(last);
    await receiveLast(receivedHere);
    expect(receivedHere).toEqual([offer, last]);
    expect(receivedThere).toEqual([offer, last]);
  });

  it('keeps deployments apart, on one database or two', async () => {
    const other = openBus({ deployment: `${deployment}-2` });
    const [received, receivedByOther] = [await receive(openBus()), await receive(other)];
    const elsewhere = openBus({ deployment: `${deployment}-2`, url: new URL('/1', redisUrl).href });
    elsewhere.publish(offer);
    await eventually(() => expect(receivedByOther).toEqual([offer]));
    openBus().publish(last);
    await receiveLast(received);
    expect(received).toEqual([last]);
  });

  it('sends many changes in few messages', async () => {
    const bus = openBus({ gatherMs: 3_600_000 });
    const messages = await redis.listen(channel);
    const received = await receive(openBus());
    bus.publish(offer);
    await eventually(() => expect([received, messages]).toEqual([[offer], [expect.any(String)]]));
    messages.length = 0;
    for (let append = 0; append < 10_000; append += 1) bus.publish(changed(`s${append % 2}`));
    bus.publish(last);
    await receiveLast(received);
    expect(received).toEqual([offer, changed('s0'), changed('s1'), last]);
    await eventually(() => expect(messages).toContainEqual(expect.stringContaining('"last"')));
    expect(messages).toHaveLength(1);
  });

  it('sends changes after a short while, without a further call', async () => {
    const received = await receive(openBus());
    const bus = openBus({ gatherMs: 1 });
    // The event that opens the connection is sent with it.
    bus.publish(last);
    await receiveLast(received);
    bus.publish(changed('work'));
    await eventually(() => expect(received).toEqual([last, changed('work')]));
  });

  it('sends something_changed instead of too many events', async () => {
    const bus = openBus({ gatherMs: 3_600_000 });
    const received = await receive(openBus());
    bus.publish(offer);
    await eventually(() => expect(received).toEqual([offer]));
    for (let append = 0; append < 5000; append += 1) bus.publish(changed(`s${append}`));
    bus.publish(last);
    await eventually(() => expect(received).toEqual([offer, something]));
  });

  it('subscribes once for all listeners, from the first to the last', async () => {
    const bus = openBus({ lingerMs: 0 });
    bus.publish(offer);
    expect(await subscriptions()).toBe(0);
    const ends = Array.from({ length: 100 }, () => bus.subscribe(() => undefined));
    await eventually(async () => expect(await subscriptions()).toBe(1));
    const received = await receive(openBus({ lingerMs: 0 }));
    expect(await subscriptions()).toBe(2);
    for (const end of ends.slice(1)) {
      end();
      end();
    }
    openBus().publish(last);
    await receiveLast(received);
    expect(await subscriptions()).toBe(2);
    ends[0]?.();
    await eventually(async () => expect(await subscriptions()).toBe(1));
    expect(await receive(bus)).toEqual([]);
  });

  it('keeps the subscription for a listener that returns soon', async () => {
    const bus = openBus({ lingerMs: 50 });
    const heardBefore: StoreEvent[] = [];
    const end = bus.subscribe((event) => heardBefore.push(event));
    await eventually(() => expect(heardBefore).toEqual([something]));
    end();
    const received: StoreEvent[] = [];
    bus.subscribe((event) => received.push(event));
    // Longer than the subscription outlives its last listener.
    await setTimeout(200);
    openBus().publish(last);
    await receiveLast(received);
    expect(received).toEqual([last]);
  });

  it('ignores what other programs publish', async () => {
    const received = await receive(openBus());
    const strange = { kind: 'session_changed', namespace: 'team', sessionKey: 'no key' };
    for (const garbage of ['', '{', '[[', 'null', JSON.stringify({ sender: 'x', events: [strange] }), '\u0000'])
      await redis.command('PUBLISH', channel, garbage);
    await redis.command('PUBLISH', channel, 'x'.repeat(4 * 1024 * 1024));
    openBus().publish(last);
    await receiveLast(received);
    expect(received).toEqual([last]);
  });

  it('sends what it holds before it closes', async () => {
    const received = await receive(openBus());
    const bus = openBus({ gatherMs: 3_600_000 });
    const ownReceived = await receive(bus);
    bus.publish(offer);
    await eventually(() => expect(received).toEqual([offer]));
    bus.publish(changed('work'));
    const end = bus.subscribe(() => undefined);
    await Promise.all([bus.close(), bus.close()]);
    await eventually(() => expect(received).toEqual([offer, changed('work')]));
    await eventually(async () => expect(await subscriptions()).toBe(1));
    end();
    ownReceived.length = 0;
    bus.publish(offer);
    bus.subscribe((event) => ownReceived.push(event));
    openBus().publish(last);
    await receiveLast(received);
    expect(ownReceived).toEqual([]);
    expect(await subscriptions()).toBe(1);
  });

  it('refuses a text that is not a URL of Redis at once', () => {
    const open = (): EventBus => createRedisBus({ url: 'http://user:secret@127.0.0.1', deployment });
    expect(open).toThrow(expect.objectContaining({ code: 'VALIDATION_ERROR' }));
    expect(open).not.toThrow('secret');
  });
});
