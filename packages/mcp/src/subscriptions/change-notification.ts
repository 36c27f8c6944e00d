import type { JSONRPCNotification } from '@modelcontextprotocol/server';
import type { ResourceChange } from './resource-changes.js';

/** A change as a client hears of it. */
export function changeNotification(change: ResourceChange, meta?: Record<string, unknown>): JSONRPCNotification {
  const marked = meta === undefined ? {} : { _meta: meta };
  return change === 'list'
    ? { jsonrpc: '2.0', method: 'notifications/resources/list_changed', params: marked }
    : { jsonrpc: '2.0', method: 'notifications/resources/updated', params: { uri: change.uri, ...marked } };
}
