import type { ServerContext } from '@modelcontextprotocol/server';

/**
 * Sends progress notifications at an interval, if the client asked for progress. Without them, a client may give up a call
 * that waits for offers.
 *
 * @returns a function that stops the notifications
 */
export function reportProgress({ mcpReq }: ServerContext, intervalMs: number): () => void {
  const progressToken = mcpReq._meta?.progressToken;
  if (progressToken === undefined) return () => undefined;
  const startedMs = performance.now();
  const timer = setInterval(() => {
    const params = { progressToken, progress: (performance.now() - startedMs) / 1000, message: 'seconds so far' };
    // A send fails if the client is gone; the call's signal ends the call.
    mcpReq.notify({ method: 'notifications/progress', params }).catch(() => undefined);
  }, intervalMs);
  return () => clearInterval(timer);
}
