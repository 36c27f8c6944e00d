export interface BoundedStreamOptions {
  /** How much is kept for a reader who is slow. */
  readonly maxBytes: number;
  /** After so long it ends: at most 24 days. Absent: never by itself. */
  readonly maxMs?: number | undefined;
  /** Has to end the stream of a reader who fell behind, to whom nothing comes any more. Absent: the stream fails. */
  readonly disconnect?: (() => void) | undefined;
}

/** The same stream, read eagerly and kept for a reader who may be slow, but no more than so much of it. */
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
        // What is read from a reader that was cancelled is its end.
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
