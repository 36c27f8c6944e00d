/** What lies in a process's heap once all garbage is gone. */
export interface HeapInspector {
  readonly usedBytesAfterCollection: () => Promise<number>;
  readonly close: () => void;
}

interface InspectorAnswer {
  readonly id: number;
  readonly result?: { readonly usedSize?: number };
  readonly error?: { readonly message: string };
}

/** Asks a process over V8's inspector protocol. @param port which it was given with `--inspect` */
export async function connectHeapInspector(port: number): Promise<HeapInspector> {
  const [target] = (await (await fetch(`http://127.0.0.1:${port}/json/list`)).json()) as {
    webSocketDebuggerUrl: string;
  }[];
  if (target === undefined) throw new Error(`No process answers the inspector's port ${port}`);
  const socket = new WebSocket(target.webSocketDebuggerUrl);
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve, { once: true });
    socket.addEventListener('error', () => reject(new Error('The inspector refused the connection')), { once: true });
  });
  const waiting = new Map<number, (answer: InspectorAnswer) => void>();
  socket.addEventListener('message', ({ data }) => {
    const answer = JSON.parse(String(data)) as InspectorAnswer;
    waiting.get(answer.id)?.(answer);
    waiting.delete(answer.id);
  });
  let lastId = 0;
  const ask = async (method: string): Promise<InspectorAnswer> => {
    const id = (lastId += 1);
    const answered = new Promise<InspectorAnswer>((resolve) => waiting.set(id, resolve));
    socket.send(JSON.stringify({ id, method }));
    const answer = await answered;
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
