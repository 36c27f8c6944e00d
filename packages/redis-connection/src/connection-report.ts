/** Whether Redis is in use. */
export type ConnectionState =
  | {
      /** Whether the connection works. */
      readonly isConnected: true;
    }
  | {
      /** Whether the connection works. */
      readonly isConnected: false;
      /** Why it does not, as a line for the log. It holds no secrets. */
      readonly reason: string;
    };

/** Combines the states of named connections into one, which is down while any of them is. */
export interface ConnectionReport {
  readonly up: (connection: string) => void;
  readonly down: (connection: string, reason: unknown) => void;
  /** Drops a connection that is not needed any more. */
  readonly gone: (connection: string) => void;
  /** Returns undefined while there is no connection, and until the first one has come up or failed. */
  readonly isConnected: () => boolean | undefined;
}

/** @param onChange is called once for each change of the combined state, not for each attempt */
export function createConnectionReport(onChange: (state: ConnectionState) => void = () => undefined): ConnectionReport {
  const connections = new Map<string, boolean>();
  let reported: boolean | undefined;
  const areAllUp = (): boolean => ![...connections.values()].includes(false);
  const report = (reason?: unknown): void => {
    const isConnected = areAllUp();
    if (isConnected === reported || connections.size === 0) return;
    reported = isConnected;
    onChange(isConnected ? { isConnected } : { isConnected, reason: describe(reason) });
  };
  return {
    up: (connection) => {
      connections.set(connection, true);
      report();
    },
    down: (connection, reason) => {
      connections.set(connection, false);
      report(reason);
    },
    gone: (connection) => {
      connections.delete(connection);
      report();
    },
    isConnected: () => (connections.size === 0 ? undefined : areAllUp()),
  };
}

/** The code of a network error, or Redis's own words for a refusal. */
function describe(reason: unknown): string {
  if (!(reason instanceof Error)) return 'the connection ended';
  return 'code' in reason && typeof reason.code === 'string' ? reason.code : reason.message;
}
