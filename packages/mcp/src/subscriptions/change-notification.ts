import type { JSONRPCNotification } from '@modelcontextprotocol/server';
import type { ResourceChange } from './resource-changes.js';

/** The notification that tells a client of a change. */
export function changeNotification(change: ResourceChange, meta?: Record<string, unknown>): JSONRPCNotification {
  const metaParams = meta === undefined ? {} : { _meta: meta };
  return change === 'list'
    ? { jsonrpc: '2.0', method: 'notifications/resources/list_changed', params: metaParams }
    : { jsonrpc: '2.0', method: 'notifications/resources/updated', params: { uri: change.uri, ...metaParams } };
}
