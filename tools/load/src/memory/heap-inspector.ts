import { once } from 'node:events';

/** Asks a process for the size of its heap. */
export interface HeapInspector {
  readonly usedBytesAfterCollection: () => Promise<number>;
  readonly close: () => void;
}

interface Answer {
  readonly result?: { readonly usedSize?: number };
  readonly error?: { readonly message: string };
}

/** Connects over V8's inspector protocol. @param port the process was started with `--inspect=127.0.0.1:PORT` */
export async function connectHeapInspector(port: number): Promise<HeapInspector> {
  const [target] = (await (await fetch(`http://127.0.0.1:${port}/json/list`)).json()) as {
    webSocketDebuggerUrl: string;
  }[];
  if (target === undefined) throw new Error(`No process answers the inspector's port ${port}`);
  const socket = new WebSocket(target.webSocketDebuggerUrl);
  await once(socket, 'open');
  /** One at a time. */
  const ask = async (method: string): Promise<Answer> => {
    const answered = once(socket, 'message') as Promise<[{ readonly data: string }]>;
    socket.send(JSON.stringify({ id: 1, method }));
    const [{ data }] = await answered;
    const answer = JSON.parse(data) as Answer;
    if (answer.error !== undefined) throw new Error(`${method}: ${answer.error.message}`);
    return answer;
  };
  return {
    async usedBytesAfterCollection() {
      await ask('HeapProfiler.collectGarbage');
      return (await ask('Runtime.getHeapUsage')).result?.usedSize ?? NaN;
    },
    close: () => socket.close(),
  };
}
