import { isJSONRPCRequest } from '@modelcontextprotocol/server';
import { asksToWait as argumentsAskToWait, waitMs } from '@org/domain';
import { isListenRequest } from '../subscriptions/listen-request.js';

/**
 * Returns true for a request that waits for something to happen: a subscription, or a call with `waitSeconds`. It checks last
 * that the message is well-formed, because that check is slow.
 */
export function asksToWait(message: unknown): boolean {
  const { method, params } = message as { method?: unknown; params?: { arguments?: unknown } };
  const isWaitingCall = method === 'tools/call' && argumentsAskToWait(params?.arguments) && isJSONRPCRequest(message);
  return isWaitingCall || isListenRequest(message);
}

/** How long a call asks to wait, in milliseconds. Returns 0 for other messages, and for a subscription, which has no limit. */
export function waitMsOf(message: unknown): number {
  const { params } = message as { params?: { arguments?: unknown } };
  return argumentsAskToWait(params?.arguments) ? waitMs(params.arguments) : 0;
}
