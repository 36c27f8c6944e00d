import { cors } from 'hono/cors';
import type { MiddlewareHandler } from 'hono';
import { createOriginCheck } from './origin-check.js';

/** What a client in a web page sends, besides what every page may send. */
const requestHeaders = [
  'Authorization',
  'Content-Type',
  'Last-Event-ID',
  'Mcp-Method',
  'Mcp-Name',
  'Mcp-Protocol-Version',
  'Mcp-Session-Id',
];
/** What it may read of the answer. */
const responseHeaders = ['Mcp-Session-Id', 'Retry-After', 'WWW-Authenticate', 'X-Request-Id'];
const preflightSeconds = 600;

/** Lets web pages of these origins read what they are answered. All others can send nothing but what a form can. */
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
