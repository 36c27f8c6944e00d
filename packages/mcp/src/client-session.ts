import { randomUUID } from 'node:crypto';
import { isInitializeRequest } from '@modelcontextprotocol/server';
import { agentNameOf } from '@org/domain';
import type { Message } from './message.js';

/** MCP 2025-11-25, Streamable HTTP: a client sends the id that it got for `initialize` with each later request. */
export const sessionIdHeader = 'mcp-session-id';

/**
 * The id of a session of the legacy era over HTTP. The server keeps none: all that a later request needs of `initialize` is
 * in the id, which any replica can read. It proves nothing, as the name in `initialize` did not.
 *
 * @returns undefined if the message is no `initialize` with a name that an agent could have
 */
export function sessionIdFor({ kind, body }: Message): string | undefined {
  const isInitialize = kind === 'request' && body.method === 'initialize' && isInitializeRequest(body);
  const agent = isInitialize ? agentNameOf(body.params.clientInfo.name) : undefined;
  return agent === undefined ? undefined : `${randomUUID()}.${agent}`;
}

const sessionId = /^[0-9a-f-]{36}\.([a-z0-9._@-]{1,128})$/;

/** The name that the client gave at `initialize`, as an agent's. Returns undefined if the request bears no id of a session. */
export const clientNameIn = (request: Request | undefined): string | undefined =>
  sessionId.exec(request?.headers.get(sessionIdHeader) ?? '')?.[1];
