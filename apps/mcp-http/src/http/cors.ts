import { cors } from 'hono/cors';
import type { MiddlewareHandler } from 'hono';
import { agentHeader, projectHeader } from '@org/mcp';
import { createOriginCheck } from './origin-check.js';

/** The headers that clients in web pages send, apart from those that CORS always allows. */
const requestHeaders = [
  'Authorization',
  'Content-Type',
  agentHeader,
  projectHeader,
  'Last-Event-ID',
  'Mcp-Method',
  'Mcp-Name',
  'Mcp-Protocol-Version',
  'Mcp-Session-Id',
];
/** The headers of the answer that they may read. */
const responseHeaders = ['Mcp-Session-Id', 'Retry-After', 'WWW-Authenticate', 'X-Request-Id'];
const preflightSeconds = 600;

/** Lets web pages of these origins call and read the answers. Browsers keep other pages from sending JSON. */
export function allowCrossOrigin(origins: readonly string[]): MiddlewareHandler {
  const isNamed = createOriginCheck(origins);
  const allow = cors({
    origin: (origin) => (isNamed(origin) ? origin : undefined),
    allowMethods: ['POST'],
    allowHeaders: requestHeaders,
    exposeHeaders: responseHeaders,
    maxAge: preflightSeconds,
  });
  return (context, next) => (context.req.header('origin') === undefined ? next() : allow(context, next));
}
