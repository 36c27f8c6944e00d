import { isJSONRPCRequest } from '@modelcontextprotocol/server';
import { asksToWait as argumentsAskToWait, waitMs } from '@org/domain';
import { isListenRequest } from '../subscriptions/listen-request.js';

/**
 * Whether a message asks to be answered when something happens, rather than soon: a subscription, or `waitSeconds`. Whether it
 * is well-formed takes a while to see, and is looked at last.
 */
export function asksToWait(message: unknown): boolean {
  const { method, params } = message as { method?: unknown; params?: { arguments?: unknown } };
  const isWaitingCall = method === 'tools/call' && argumentsAskToWait(params?.arguments) && isJSONRPCRequest(message);
  return isWaitingCall || isListenRequest(message);
}

/** How long a message asks to wait, in milliseconds, where that is bounded: not in a subscription. */
export function waitMsOf(message: unknown): number {
  const { params } = message as { params?: { arguments?: unknown } };
  return argumentsAskToWait(params?.arguments) ? waitMs(params.arguments) : 0;
}
