import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import type { EventBus, StoreEvent } from '@org/domain';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRedisBus } from '../src/index.js';
import type { ConnectionState } from '@org/redis-connection';
import { eventually, plainClient, redisServer, type RedisServer } from '@org/redis-connection/testing';

const something: StoreEvent = { kind: 'something_changed' };
const offerTo = (targetAgent: string): StoreEvent => ({ kind: 'handoff_offered', namespace: 'team', targetAgent });
const changed = (sessionKey: string): StoreEvent => ({ kind: 'session_changed', namespace: 'team', sessionKey });

/** A bus, and the events and states that it reported. */
interface ObservedBus {
  readonly bus: EventBus;
  readonly received: StoreEvent[];
  readonly states: ConnectionState[];
}

describe('a bus over a Redis in trouble', () => {
  let server: RedisServer;
  let buses: EventBus[];

  beforeEach(async () => {
    buses = [];
    server = await redisServer();
  });
  afterEach(async () => {
    server.signal('SIGCONT');
    await Promise.all(buses.map((bus) => bus.close()));
    await server.kill();
  });

  function observedBus(url = server.url): ObservedBus {
    const [received, states]: [StoreEvent[], ConnectionState[]] = [[], []];
    const bus = createRedisBus({
      url,
      deployment: 'test',
      silenceLimitMs: 400,
      onStateChange: (state) => states.push(state),
    });
    buses.push(bus);
    bus.subscribe((event) => received.push(event));
    return { bus, received, states };
  }

  const isConnected = ({ states }: ObservedBus): boolean[] => states.map((state) => state.isConnected);

  /** Events are hints: one that is sent while Redis fails may be lost, or become a `something_changed`. */
  async function expectToHear(from: ObservedBus, to: ObservedBus, name: string): Promise<void> {
    await eventually(() => {
      from.bus.publish(offerTo(name));
      expect(to.received).toContainEqual(offerTo(name));
    });
  }

  it('serves its own process while Redis is down, and the others once it is up', async () => {
    const [here, there] = [observedBus(), observedBus()];
    here.bus.publish(offerTo('early'));
    expect(here.received).toEqual([offerTo('early')]);
    await eventually(() => expect([here.states.length, there.states.length]).toEqual([1, 1]));
    expect(here.states).toEqual([{ isConnected: false, reason: 'ECONNREFUSED' }]);
    here.bus.publish(offerTo('later'));
    expect(there.received).toEqual([]);
    await server.start();
    await eventually(() => expect(there.received).toContainEqual(something));
    await eventually(() => expect(here.received).toContainEqual(something));
    await expectToHear(here, there, 'after');
    await expectToHear(there, here, 'and-back');
    await eventually(() =>
      expect([isConnected(here), isConnected(there)]).toEqual([
        [false, true],
        [false, true],
      ]),
    );
  });

  it('connects again after a crash, and sends something_changed', async () => {
    await server.start();
    const [here, there] = [observedBus(), observedBus()];
    await eventually(() => expect(there.received).toEqual([something]));
    await expectToHear(here, there, 'before');
    const untilBoth = (connected: boolean): Promise<void> =>
      eventually(() =>
        expect([here, there].map(isConnected).map((states) => states.at(-1))).toEqual([connected, connected]),
      );
    for (const crash of [1, 2]) {
      await server.kill();
      await untilBoth(false);
      there.received.length = 0;
      here.bus.publish(offerTo(`during-${crash}`));
      await server.start();
      await eventually(() => expect(there.received).toContainEqual(something));
      await expectToHear(here, there, `after-${crash}`);
      await untilBoth(true);
    }
    expect(isConnected(here)).toEqual([true, false, true, false, true]);
  });

  it('drops the connection to a Redis that hangs, holds little for it, and uses it again', async () => {
    await server.start();
    const [here, there] = [observedBus(), observedBus()];
    await eventually(() => expect(there.received).toEqual([something]));
    await expectToHear(here, there, 'before');
    const observer = await plainClient(server.url);
    const messages = await observer.listen('context-store:test:events:v2');
    server.signal('SIGSTOP');
    here.bus.publish(offerTo('into-the-void'));
    await eventually(() => expect(isConnected(here)).toEqual([true, false]));
    await eventually(() => expect(isConnected(there)).toEqual([true, false]));
    for (let append = 0; append < 100_000; append += 1) here.bus.publish(changed(`s${append}`));
    there.received.length = 0;
    server.signal('SIGCONT');
    await eventually(() => expect(there.received).toContainEqual(something));
    await expectToHear(here, there, 'after');
    expect(messages.join('\n')).toMatch(/something_changed(.|\n)*after/);
    expect(messages.join('\n')).not.toContain('session_changed');
    observer.close();
  });

  it('tries again while a password is refused, and reports that once', async () => {
    await server.start();
    const admin = await plainClient(server.url);
    await admin.command('CONFIG', 'SET', 'requirepass', 'right');
    const url = new URL(server.url);
    url.password = 'wrong';
    const [here, without] = [observedBus(url.href), observedBus()];
    here.bus.publish(offerTo('early'));
    await eventually(async () => expect(Number(await refusals())).toBeGreaterThan(6));
    expect(here.states).toEqual([{ isConnected: false, reason: expect.stringMatching(/^WRONGPASS/) as string }]);
    expect(without.states).toEqual([{ isConnected: false, reason: expect.stringMatching(/^NOAUTH/) as string }]);
    await admin.command('CONFIG', 'SET', 'requirepass', 'wrong');
    await eventually(() => expect(isConnected(here)).toEqual([false, true]));
    await admin.command('CONFIG', 'SET', 'requirepass', '');
    await eventually(() => expect(isConnected(without)).toEqual([false, true]));
    admin.close();

    async function refusals(): Promise<string | undefined> {
      const info = String(await admin.command('INFO', 'stats'));
      return /total_connections_received:(\d+)/.exec(info)?.[1];
    }
  });

  it('drops a connection that may not publish', async () => {
    await server.start();
    const [here, there] = [observedBus(), observedBus()];
    await eventually(() => expect(there.received).toEqual([something]));
    await expectToHear(here, there, 'before');
    const admin = await plainClient(server.url);
    await admin.command('ACL', 'SETUSER', 'default', '-publish');
    here.bus.publish(offerTo('refused'));
    await eventually(() => expect(here.states).toHaveLength(2));
    expect(here.states[1]).toEqual({ isConnected: false, reason: expect.stringMatching(/^NOPERM/) as string });
    await admin.command('ACL', 'SETUSER', 'default', '+publish');
    await eventually(() => expect(there.received).toContainEqual(offerTo('refused')));
    await eventually(() => expect(isConnected(here)).toEqual([true, false, true]));
    admin.close();
  });

  it('keeps one connection to publish and one to subscribe for any number of listeners', async () => {
    await server.start();
    const { bus, received } = observedBus();
    for (let listener = 0; listener < 100; listener += 1) bus.subscribe(() => undefined);
    await eventually(() => expect(received).toEqual([something]));
    const admin = await plainClient(server.url);
    const connections = async (): Promise<number> =>
      String(await admin.command('CLIENT', 'LIST'))
        .trim()
        .split('\n').length - 1;
    expect(await connections()).toBe(1);
    for (let event = 0; event < 100; event += 1) bus.publish(offerTo(`a${event}`));
    await eventually(async () => expect(await connections()).toBe(2));
    await bus.close();
    // The server notices it a moment later.
    await eventually(async () => expect(await connections()).toBe(0));
    admin.close();
  });

  it('works beside a server that is not Redis', async () => {
    const babbler = createServer((socket) => {
      socket
        .on('error', () => undefined)
        .resume()
        .write('HTTP/1.1 400 Bad Request\r\n\r\n');
    });
    await once(babbler.listen(0, '127.0.0.1'), 'listening');
    const here = observedBus(`redis://127.0.0.1:${(babbler.address() as AddressInfo).port}`);
    here.bus.publish(offerTo('anyone'));
    await eventually(() => expect(isConnected(here)).toEqual([false]));
    await here.bus.close();
    babbler.close();
    await once(babbler, 'close');
  });

  it('closes while it waits for the first answer of Redis', async () => {
    const mute = createServer((socket) => void socket.on('error', () => undefined).resume());
    await once(mute.listen(0, '127.0.0.1'), 'listening');
    const url = `redis://127.0.0.1:${(mute.address() as AddressInfo).port}`;
    const bus = createRedisBus({ url, deployment: 'test', silenceLimitMs: 3_600_000 });
    const accepted = once(mute, 'connection');
    bus.publish(offerTo('anyone'));
    await accepted;
    expect(await bus.close()).toBeUndefined();
    mute.close();
    await once(mute, 'close');
  });

  it.each(['absent', 'crashed', 'hanging', 'there'])(
    'lets go of its process when it is closed while Redis is %s',
    async (state) => {
      if (state !== 'absent') await server.start();
      const child = fork(`${import.meta.dirname}/bus-process.ts`, [server.url], {
        execArgv: [
          '--conditions=@org/source',
          '--import',
          `${import.meta.dirname}/../../../tools/workspace/src/typescript-imports.ts`,
        ],
      });
      const exited = once(child, 'exit');
      await once(child, 'message');
      if (state === 'crashed') await server.kill();
      if (state === 'hanging') server.signal('SIGSTOP');
      child.send('close');
      expect(await exited).toEqual([0, null]);
    },
  );
});
