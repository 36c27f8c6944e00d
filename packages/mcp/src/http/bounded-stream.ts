export interface BoundedStreamOptions {
  /** Maximum number of bytes to buffer for a slow reader. */
  readonly maxBytes: number;
  /** Ends the stream after this time: at most 24 days. Default: no limit. */
  readonly maxMs?: number | undefined;
  /** Called if the buffer is full. It must close the reader's connection. Default: the stream fails. */
  readonly disconnect?: (() => void) | undefined;
}

/** Reads the source eagerly, and buffers up to `maxBytes` of it for a slow reader. */
export function boundedStream(
  source: ReadableStream<Uint8Array>,
  { maxBytes, maxMs, disconnect }: BoundedStreamOptions,
): ReadableStream<Uint8Array> {
  const reader = source.getReader();
  const pass = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return controller.close();
      if ((controller.desiredSize ?? 0) < value.byteLength) {
        if (disconnect === undefined) controller.error(new Error('The reader is too slow.'));
        else disconnect();
        return reader.cancel();
      }
      controller.enqueue(value);
    }
  };
  return new ReadableStream(
    {
      start: (controller) => {
        // After `cancel`, the pending read resolves as done.
        const timer = maxMs === undefined ? undefined : setTimeout(() => void reader.cancel(), maxMs).unref();
        pass(controller)
          .catch((error: unknown) => controller.error(error))
          .finally(() => clearTimeout(timer));
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: maxBytes, size: (chunk) => chunk.byteLength },
  );
}
