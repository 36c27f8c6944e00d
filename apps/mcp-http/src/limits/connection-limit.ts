import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { HttpTelemetry } from '@org/telemetry-otel';

export interface ConnectionRoomOptions {
  /** How many connections may have a request under way. */
  readonly maxConnections: number;
  /** Takes one line, at most once a minute. */
  readonly log: (line: string) => void;
  readonly telemetry?: Pick<HttpTelemetry, 'observeConnections' | 'countShedConnection'> | undefined;
}

/** How many more the server takes, to answer probes and to tell other clients why it refuses them. */
const spareConnections = 16;

const tellEveryMs = 60_000;

/**
 * Bounds the connections of a server that listens, so that the process does not run out of descriptors. A new connection
 * beyond the bound closes the one that had no request for longest. So clients that keep connections, or send nothing, do not
 * keep others out.
 */
export class ConnectionRoom {
  readonly #options: ConnectionRoomOptions;
  readonly #open = new Set<Socket>();
  /** Those without a request under way, in the order in which they came to be so. */
  readonly #idle = new Set<Socket>();
  #toldAtMs = -Infinity;

  constructor(server: Server, options: ConnectionRoomOptions) {
    this.#options = options;
    server.maxConnections = options.maxConnections + spareConnections;
    server.on('connection', (socket) => this.#take(socket));
    server.on('drop', () => this.#shed('dropped'));
    // Without a listener, a connection that the system could not hand over would end the process.
    server.on('error', () => this.#shed('dropped'));
    options.telemetry?.observeConnections(() => ({ idle: this.#idle.size, busy: this.#open.size - this.#idle.size }));
  }

  /** Whether more connections have a request under way than may. */
  get isExceeded(): boolean {
    return this.#open.size - this.#idle.size > this.#options.maxConnections;
  }

  beginRequest(socket: Socket): void {
    this.#idle.delete(socket);
  }

  endRequest(socket: Socket): void {
    if (this.#open.has(socket)) this.#idle.add(socket);
  }

  #take(socket: Socket): void {
    const [idleLongest] = this.#idle;
    this.#open.add(socket);
    this.#idle.add(socket);
    socket.once('close', () => this.#forget(socket));
    if (this.#open.size <= this.#options.maxConnections || idleLongest === undefined) return;
    this.#shed('idle');
    // Its own event would come too late: several connections arrive in one turn of the event loop.
    this.#forget(idleLongest);
    idleLongest.destroy();
  }

  #forget(socket: Socket): void {
    this.#open.delete(socket);
    this.#idle.delete(socket);
  }

  #shed(reason: 'idle' | 'dropped'): void {
    const { maxConnections, telemetry, log } = this.#options;
    telemetry?.countShedConnection(reason);
    const nowMs = performance.now();
    if (nowMs - this.#toldAtMs < tellEveryMs) return;
    this.#toldAtMs = nowMs;
    log(
      `All ${maxConnections} connections are taken: those without a request are closed for new ones. Raise MAX_CONNECTIONS, and the limit of open files (ulimit -n), if clients need more.`,
    );
  }
}
