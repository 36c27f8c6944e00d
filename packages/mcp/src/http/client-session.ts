import { randomUUID } from 'node:crypto';
import { isInitializeRequest } from '@modelcontextprotocol/server';
import { reportedNameOf } from '@org/domain';
import type { Message } from '../messages/message.js';

/** MCP 2025-11-25, Streamable HTTP: clients send the id from the answer to `initialize` with each later request. */
export const sessionIdHeader = 'mcp-session-id';

/**
 * Creates the id of a legacy session over HTTP. The server keeps no sessions: the id contains the client's name from
 * `initialize`, which any replica can read. Like that name, it is not authenticated.
 *
 * @returns undefined if the message is not an `initialize` with a name that an agent could have
 */
export function sessionIdFor({ kind, body }: Message): string | undefined {
  const isInitialize = kind === 'request' && body.method === 'initialize' && isInitializeRequest(body);
  const reported = isInitialize ? reportedNameOf(body.params.clientInfo.name) : undefined;
  return reported === undefined ? undefined : `${randomUUID()}.${reported}`;
}

const sessionId = /^[0-9a-f-]{36}\.([a-z0-9._@-]{1,128})$/;

/** The client's name from `initialize`, as `reportedNameOf` returns it. Undefined if the request has no such session id. */
export const clientNameIn = (request: Request | undefined): string | undefined =>
  sessionId.exec(request?.headers.get(sessionIdHeader) ?? '')?.[1];
