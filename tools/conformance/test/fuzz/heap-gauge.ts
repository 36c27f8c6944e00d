import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';

/**
 * Lets a test ask a server process what its heap holds after a collection. The program is the built one: a module that
 * Node loads before it answers on a socket.
 */
export class HeapGauge {
  readonly #server: Server;
  #process: Socket | undefined;

  private constructor(server: Server) {
    this.#server = server;
    server.on('connection', (socket) => {
      // Of a process that was killed.
      socket.on('error', () => undefined);
      this.#process = socket;
    });
  }

  static async open(folder: string): Promise<HeapGauge> {
    const path = join(folder, 'heap.sock');
    const server = createServer().listen(path);
    await once(server, 'listening');
    return new HeapGauge(server);
  }

  /** What the process to be measured is started with. */
  get env(): { readonly NODE_OPTIONS: string } {
    const module = `
      import { connect } from 'node:net';
      const socket = connect(${JSON.stringify(this.#server.address())});
      socket.unref().on('data', () => {
        gc();
        const { heapUsed, arrayBuffers } = process.memoryUsage();
        socket.write(String(heapUsed + arrayBuffers));
      });`;
    return { NODE_OPTIONS: `--expose-gc --import=data:text/javascript,${encodeURIComponent(module)}` };
  }

  /** What the newest process uses after a collection. */
  async measureBytes(): Promise<number> {
    if (this.#process === undefined) throw new Error('No process was started.');
    this.#process.write('?');
    const [answer] = (await once(this.#process, 'data')) as [Buffer];
    return Number(answer);
  }

  close(): void {
    this.#process?.destroy();
    this.#server.close();
  }
}
