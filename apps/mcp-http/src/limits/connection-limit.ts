import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { HttpTelemetry } from '@org/telemetry-otel';

export interface ConnectionLimitOptions {
  /** Maximum number of connections that have a request under way. */
  readonly maxConnections: number;
  /** Takes one line, at most once a minute. */
  readonly log: (line: string) => void;
  readonly telemetry?: Pick<HttpTelemetry, 'observeConnections' | 'countShedConnection'> | undefined;
}

/** Connections beyond the limit that the server accepts, to answer probes and to tell other clients why it refuses them. */
const spareConnections = 16;

const logEveryMs = 60_000;

/**
 * Limits the connections of a listening server, so that the process does not run out of file descriptors. A new connection
 * beyond the limit closes the connection that has been idle for longest, so that idle clients do not keep others out.
 */
export class ConnectionLimit {
  readonly #options: ConnectionLimitOptions;
  readonly #open = new Set<Socket>();
  /** The connections without a request under way, the one that has been idle for longest first. */
  readonly #idle = new Set<Socket>();
  #loggedAtMs = -Infinity;

  constructor(server: Server, options: ConnectionLimitOptions) {
    this.#options = options;
    server.maxConnections = options.maxConnections + spareConnections;
    server.on('connection', (socket) => this.#add(socket));
    server.on('drop', () => this.#countShed('dropped'));
    // Without a listener, a connection that the system cannot hand over would end the process.
    server.on('error', () => this.#countShed('dropped'));
    options.telemetry?.observeConnections(() => ({ idle: this.#idle.size, busy: this.#open.size - this.#idle.size }));
  }

  /** True while more connections have a request under way than the limit allows. */
  get isExceeded(): boolean {
    return this.#open.size - this.#idle.size > this.#options.maxConnections;
  }

  beginRequest(socket: Socket): void {
    this.#idle.delete(socket);
  }

  endRequest(socket: Socket): void {
    if (this.#open.has(socket)) this.#idle.add(socket);
  }

  #add(socket: Socket): void {
    const [idleLongest] = this.#idle;
    this.#open.add(socket);
    this.#idle.add(socket);
    socket.once('close', () => this.#remove(socket));
    if (this.#open.size <= this.#options.maxConnections || idleLongest === undefined) return;
    this.#countShed('idle');
    // Its close event would come too late: several connections can arrive in one turn of the event loop.
    this.#remove(idleLongest);
    idleLongest.destroy();
  }

  #remove(socket: Socket): void {
    this.#open.delete(socket);
    this.#idle.delete(socket);
  }

  #countShed(reason: 'idle' | 'dropped'): void {
    const { maxConnections, telemetry, log } = this.#options;
    telemetry?.countShedConnection(reason);
    const nowMs = performance.now();
    if (nowMs - this.#loggedAtMs < logEveryMs) return;
    this.#loggedAtMs = nowMs;
    log(
      `All ${maxConnections} connections are taken: those without a request are closed for new ones. Raise MAX_CONNECTIONS, and the limit of open files (ulimit -n), if clients need more.`,
    );
  }
}
