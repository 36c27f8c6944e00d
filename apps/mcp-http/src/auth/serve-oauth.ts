import type { Env, Hono, MiddlewareHandler } from 'hono';
import { cors } from 'hono/cors';
import type { ResourceMetadata } from './resource-metadata.js';

/** The rest of the path is that of /mcp, which may be another one in front of a proxy. */
const resourceMetadata = '/.well-known/oauth-protected-resource/*';
/** MCP 2025-03-26: clients look here for the metadata of an authorization server on the host of /mcp. */
const serverMetadata = ['/.well-known/oauth-authorization-server/*', '/.well-known/openid-configuration/*'];
/** The endpoints that these clients use if they find no metadata. */
const serverEndpoints = ['/register', '/authorize', '/token'];

/** Web pages of every origin may read these answers, which are the same for all callers. */
const readableByAll: MiddlewareHandler = cors({ origin: '*', allowMethods: ['GET', 'POST'], maxAge: 600 });

/** Tells clients who issues tokens. If `metadata` is undefined, it tells them to send an API key instead. */
export function serveOauth<AppEnv extends Env>(app: Hono<AppEnv>, metadata: ResourceMetadata | undefined): void {
  if (metadata !== undefined) {
    app.use(resourceMetadata, readableByAll).get(resourceMetadata, ({ json }) => json(metadata.document));
    return;
  }
  for (const path of [resourceMetadata, ...serverMetadata])
    app.use(path, readableByAll).all(path, ({ json }) => json(noIssuer, 404));
  for (const path of serverEndpoints) app.use(path, readableByAll).all(path, ({ json }) => json(noIssuer, 403));
}

/** RFC 6749, section 5.2. Clients show the description to their users. */
const noIssuer = {
  error: 'access_denied',
  error_description:
    'This server takes API keys alone: no client can register or log in here. Ask the operator for a key, and send it in the header Authorization: Bearer KEY.',
};
