/** Whether events reach other processes. */
export type RedisBusState =
  | { readonly isConnected: true }
  /** They don't, or ours don't arrive. `reason` is a line for the log, without anything secret. */
  | { readonly isConnected: false; readonly reason: string };

/** What each connection says of itself. */
export interface StateReport {
  readonly up: (connection: string) => void;
  readonly down: (connection: string, reason: unknown) => void;
  /** The connection is not needed any more. */
  readonly gone: (connection: string) => void;
  /** Undefined until a connection has come about, or failed to, and once none is needed any more. */
  readonly isConnected: () => boolean | undefined;
}

/**
 * Makes one state of the states of all connections, and tells of its changes alone. Until a connection has come about,
 * or failed to, there is none.
 */
export function createStateReport(onChange: (state: RedisBusState) => void): StateReport {
  const connections = new Map<string, boolean>();
  let told: boolean | undefined;
  const areAllUp = (): boolean => ![...connections.values()].includes(false);
  const tell = (reason?: unknown): void => {
    const isConnected = areAllUp();
    if (isConnected === told || connections.size === 0) return;
    told = isConnected;
    onChange(isConnected ? { isConnected } : { isConnected, reason: describe(reason) });
  };
  return {
    up: (connection) => {
      connections.set(connection, true);
      tell();
    },
    down: (connection, reason) => {
      connections.set(connection, false);
      tell(reason);
    },
    gone: (connection) => {
      connections.delete(connection);
      tell();
    },
    isConnected: () => (connections.size === 0 ? undefined : areAllUp()),
  };
}

/** The code of a network error, and the server's own words for a refusal. */
function describe(reason: unknown): string {
  if (!(reason instanceof Error)) return String(reason);
  return 'code' in reason && typeof reason.code === 'string' ? reason.code : reason.message;
}
