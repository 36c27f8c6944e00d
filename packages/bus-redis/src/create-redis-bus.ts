import { randomUUID } from 'node:crypto';
import { createMemoryBus, noTelemetry, type EventBus, type StoreEvent, type Telemetry } from '@org/domain';
import {
  createConnectionReport,
  keepConnected,
  requireRedisUrl,
  type ConnectionReport,
  type ConnectionState,
  type RedisConnection,
  type RedisConnectionOptions,
} from '@org/redis-connection';
import { channelName } from './event-message.js';
import { EventReceiver } from './event-receiver.js';
import { EventSender, type ConnectionUse } from './event-sender.js';

export interface RedisBusOptions {
  /** `redis://user:password@host:port`, or `rediss://` for TLS. */
  readonly url: string;
  /** Names the processes that exchange events. Other deployments on the same Redis must have other names. */
  readonly deployment: string;
  /** Is called once for each change of the state, not for each attempt to connect. It must not throw. */
  readonly onStateChange?: ((state: ConnectionState) => void) | undefined;
  /** How long changes of sessions are gathered into one message, in milliseconds; offers are sent at once. Default: 50. */
  readonly gatherMs?: number | undefined;
  /** How long Redis may stay silent before the connection counts as broken, in milliseconds. Default: 10,000. */
  readonly silenceLimitMs?: number | undefined;
  /** How long the subscription outlives its last listener, in milliseconds. Default: 30,000. */
  readonly lingerMs?: number | undefined;
  /** Default: nothing is measured. */
  readonly telemetry?: Telemetry | undefined;
}

/**
 * Carries events between all processes that name the same deployment on the same Redis, by pub/sub. It opens at most one
 * connection to publish and one to subscribe, each when it is first needed, and renews them when they break. While Redis
 * is away it carries events within this process only. Where events may have been lost, it delivers `something_changed`.
 * @throws VALIDATION_ERROR if `url` is not the URL of a Redis server
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
  const report = createConnectionReport(options.onStateChange);
  const connect = reportingConnections({ url, silenceLimitMs }, report);
  const stopObserving = telemetry.observeLink('bus', report.isConnected);
  const local = createMemoryBus();
  const shared = { channel: channelName(deployment), sender: randomUUID() };
  const sender = new EventSender({ ...shared, gatherMs, connect: connect('to publish') });
  const deliver = (event: StoreEvent): void => {
    try {
      local.publish(event);
    } catch {
      // A fault of the listener must fail neither the publisher nor the connection.
    }
  };
  const receiver = new EventReceiver({ ...shared, lingerMs, connect: connect('to subscribe'), deliver });
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

/** Makes connections that report their state under a name. */
const reportingConnections =
  (server: Pick<RedisConnectionOptions, 'url' | 'silenceLimitMs'>, report: ConnectionReport) =>
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
