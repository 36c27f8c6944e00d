/** Waits for a time, or until one of the signals aborts. Never rejects. */
export function pause(ms: number, endings: readonly (AbortSignal | undefined)[]): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      for (const ending of endings) ending?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    for (const ending of endings) ending?.addEventListener('abort', end);
    if (endings.some((ending) => ending?.aborted === true)) end();
  });
}
