/**
 * The same stream, read eagerly and kept for a reader who may be slow, but no more than `maxBytes` of it: a reader who
 * falls further behind loses the stream.
 */
export function boundedStream(source: ReadableStream<Uint8Array>, maxBytes: number): ReadableStream<Uint8Array> {
  const reader = source.getReader();
  const pass = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return controller.close();
      if ((controller.desiredSize ?? 0) < value.byteLength) {
        controller.error(new Error('The reader is too slow.'));
        return reader.cancel();
      }
      controller.enqueue(value);
    }
  };
  return new ReadableStream(
    {
      start: (controller) => {
        pass(controller).catch((error: unknown) => controller.error(error));
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: maxBytes, size: (chunk) => chunk.byteLength },
  );
}
