import type { ServerContext } from '@modelcontextprotocol/server';

/**
 * Tells a client that asked for it, now and then, that its call is still under way: a call that waits for offers takes
 * long, and a client that hears nothing may give it up.
 *
 * @returns what ends it
 */
export function reportProgress({ mcpReq }: ServerContext, intervalMs: number): () => void {
  const progressToken = mcpReq._meta?.progressToken;
  if (progressToken === undefined) return () => undefined;
  const startedMs = performance.now();
  const timer = setInterval(() => {
    const params = { progressToken, progress: (performance.now() - startedMs) / 1000, message: 'seconds so far' };
    // A client that is gone needs no progress; its call is ended by its signal.
    mcpReq.notify({ method: 'notifications/progress', params }).catch(() => undefined);
  }, intervalMs);
  return () => clearInterval(timer);
}
