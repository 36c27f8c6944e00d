import { randomUUID } from 'node:crypto';
import { createMemoryBus, noTelemetry, type EventBus, type StoreEvent, type Telemetry } from '@org/domain';
import { channelName } from './event-message.js';
import { EventReceiver } from './event-receiver.js';
import { EventSender, type ConnectionUse } from './event-sender.js';
import { keepConnected, type RedisConnection, type RedisConnectionOptions } from './redis-connection.js';
import { requireRedisUrl } from './redis-url.js';
import { createStateReport, type RedisBusState, type StateReport } from './state-report.js';

export interface RedisBusOptions {
  /** `redis://user:password@host:port`, or `rediss://` for TLS. */
  readonly url: string;
  /** What the processes that shall hear each other have in common, and nobody else on the same Redis. */
  readonly deployment: string;
  /** Hears once of each change, not of each attempt. It must not throw. */
  readonly onStateChange?: ((state: RedisBusState) => void) | undefined;
  /** For how long changes of sessions gather into one message, in milliseconds; offers go at once. Default 50. */
  readonly gatherMs?: number | undefined;
  /** How long Redis may stay silent before it counts as gone, in milliseconds. Default 10,000. */
  readonly silenceLimitMs?: number | undefined;
  /** How long the subscription outlives its last listener, in milliseconds. Default 30,000. */
  readonly lingerMs?: number | undefined;
  /** Absent: nowhere. */
  readonly telemetry?: Telemetry | undefined;
}

/**
 * An event bus between all processes that name the same deployment on the same Redis, by its pub/sub. It needs at most
 * one connection to publish and one to hear, each from its first use on, and renews them by itself: without Redis it is
 * the bus of this process alone. Whatever may have got lost is told as `something_changed`.
 * @throws VALIDATION_ERROR when the URL is none of Redis
 */
export function createRedisBus(options: RedisBusOptions): EventBus {
  const {
    url,
    deployment,
    silenceLimitMs = 10_000,
    gatherMs = 50,
    lingerMs = 30_000,
    telemetry = noTelemetry,
  } = options;
  requireRedisUrl(url);
  const report = createStateReport(options.onStateChange ?? (() => undefined));
  const connect = reportingConnections({ url, silenceLimitMs }, report);
  const stopObserving = telemetry.observeLink('bus', report.isConnected);
  const local = createMemoryBus();
  const shared = { channel: channelName(deployment), sender: randomUUID() };
  const sender = new EventSender({ ...shared, gatherMs, connect: connect('to publish') });
  const deliver = (event: StoreEvent): void => {
    try {
      local.publish(event);
    } catch {
      // A listener's own fault: neither the publisher's nor the connection's.
    }
  };
  const receiver = new EventReceiver({ ...shared, lingerMs, connect: connect('to hear'), deliver });
  let closing: Promise<unknown> | undefined;

  return {
    publish: (event) => {
      if (closing !== undefined) return;
      deliver(event);
      sender.send(event);
    },
    subscribe: (listener) => {
      if (closing !== undefined) return () => undefined;
      const unsubscribe = local.subscribe(listener);
      let release: (() => void) | undefined = receiver.need();
      return () => {
        unsubscribe();
        release?.();
        release = undefined;
      };
    },
    close: async () => {
      stopObserving();
      await (closing ??= Promise.all([local.close(), sender.close(), receiver.close()]));
    },
  };
}

/** Makes connections that say how they are by their names. */
const reportingConnections =
  (server: Pick<RedisConnectionOptions, 'url' | 'silenceLimitMs'>, report: StateReport) =>
  (name: string) =>
  ({ prepare, onUp }: ConnectionUse): RedisConnection => {
    const connection = keepConnected({
      ...server,
      prepare,
      onUp: () => {
        report.up(name);
        onUp();
      },
      onDown: (reason) => report.down(name, reason),
    });
    return {
      ...connection,
      close: () => {
        report.gone(name);
        return connection.close();
      },
    };
  };
