import { validateHostHeader } from '@modelcontextprotocol/server';
import type { ContextStore } from '@org/context-store';
import { within } from '@org/redis-connection/within';
import { Hono, type Context, type MiddlewareHandler } from 'hono';
import { authInfoOf } from './auth/auth-info.js';
import type { Auth } from './auth/open-auth.js';
import type { AppVariables } from './auth/principal.js';
import { requireCredential, type OnCredentialRefusal } from './auth/require-credential.js';
import { serveOauth } from './auth/serve-oauth.js';
import { allowCrossOrigin } from './http/cors.js';
import type { ServerBindings } from './http/http-server.js';
import { createOriginCheck } from './http/origin-check.js';
import { probeMethods, probePaths } from './http/probes.js';
import { refusalResponse, refused } from './http/refusal.js';
import type { MessageCaller, ServeMessage } from './http/serve-message.js';
import { createDatabaseCheck } from './lifecycle/readiness.js';

/** What serves calls once the database is open. */
export interface Service {
  /** Serves the requests that pass all checks. */
  readonly serveMessage: ServeMessage;
  readonly contextStore: Pick<ContextStore, 'ping'>;
}

export interface AppOptions {
  /** Resolves when the database is open and migrated. */
  readonly service: Promise<Service>;
  readonly allowedHosts: string[];
  /** Origins whose web pages may call and read the answers; see `createOriginCheck`. */
  readonly allowedOrigins: readonly string[];
  /** Hosts whose web pages may call, on any port, without reading the answers. */
  readonly localOriginHosts: readonly string[];
  /** Default: no authentication. */
  readonly auth?: Auth | undefined;
  /** By how much the refusal of a credential is delayed; see `requireCredential`. */
  readonly refusalDelayMs?: number | undefined;
  /** Is called with the reason why a credential was refused. */
  readonly onRefusal?: OnCredentialRefusal | undefined;
  /** Returns true if the process is about to end and should get no new calls. */
  readonly isStopping: () => boolean;
  /** Is called with defects. The caller only gets the request id. */
  readonly onError: (error: unknown, request: { readonly requestId: string }) => void;
}

interface AppEnv {
  Bindings: ServerBindings;
  Variables: AppVariables;
}

/**
 * How long a call waits for a server that is starting. It is enough for a start without a long migration, and less than
 * clients and load balancers wait.
 */
const waitForStartMs = 5000;

/** Creates the routes, and the checks that a request passes before MCP handles it. */
export function createApp(options: AppOptions): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  serveProbes(app, options);
  // Probes are not checked: load balancers address the server by its IP address, and the answers tell nothing.
  app.use('/mcp/*', requireKnownHost(options), requireKnownOrigin(options), allowCrossOrigin(options.allowedOrigins));
  app.use('/mcp/*', refusePipelining);
  serveAuth(app, options);
  let opened: Service | undefined;
  app.all('/mcp/*', async (context) => {
    opened ??= await within(waitForStartMs, options.service).catch(() => undefined);
    return opened === undefined
      ? starting(context.env)
      : opened.serveMessage(context.req.raw, context.env, callerOf(context, options.auth));
  });
  app.onError((error, { env: { requestId, countRefusal }, json }) => {
    options.onError(error, { requestId });
    countRefusal(500, 'defect');
    return json({ error: 'The request could not be served.', requestId }, 500);
  });
  app.notFound(({ req, json }) =>
    json(
      {
        error: `Nothing at ${req.method} ${req.path}. MCP is at POST /mcp; see also GET ${probePaths.health} and GET ${probePaths.ready}.`,
      },
      404,
    ),
  );
  return app;
}

function serveProbes(app: Hono<AppEnv>, { service, auth, isStopping }: AppOptions): void {
  app.on(probeMethods, probePaths.health, (context) => context.json({ status: 'ok' }));
  const databaseCheck = service.then(({ contextStore }) => createDatabaseCheck(contextStore));
  // If the database cannot be opened, `serve` throws and the process ends.
  databaseCheck.catch(() => undefined);
  const reasonNotReady = async (): Promise<string | undefined> => {
    if (isStopping()) return 'The server is stopping.';
    const checkDatabase = await within(0, databaseCheck).catch(() => undefined);
    return checkDatabase === undefined
      ? 'The server is starting: it opens its database, and migrates it if that is needed.'
      : ((await checkDatabase()) ?? auth?.authenticator.unreadiness());
  };
  app.on(probeMethods, probePaths.ready, async (context) => {
    const reason = await reasonNotReady();
    return reason === undefined
      ? context.json({ status: 'ready' })
      : context.json({ status: 'unavailable', reason }, 503);
  });
}

/**
 * Refuses a request that arrives before the last one on its connection was answered. Answers leave in the order of their
 * requests: behind a call that waits, other calls would hold their slots, and behind a delayed refusal, any number of
 * credentials would be checked at once. RFC 9112, section 9.3.2, advises clients against this, and MCP clients do not do it.
 */
const refusePipelining: MiddlewareHandler<AppEnv> = async ({ env }, next) => {
  if (env.outgoing.socket !== null) return next();
  const message =
    'This came before the last request on its connection was answered. Nothing was done; send one request at a time on each connection.';
  return refusalResponse({ status: 400, reason: 'out_of_turn', code: refused, message }, env);
};

/** Checks credentials before the body of a request is read. */
function serveAuth(app: Hono<AppEnv>, { auth, refusalDelayMs, onRefusal = () => undefined }: AppOptions): void {
  if (auth === undefined) return;
  const { authenticator, metadata } = auth;
  app.use(
    '/mcp/*',
    requireCredential({ authenticator, resourceMetadataUrl: metadata?.url, refusalDelayMs, onRefusal }),
  );
  serveOauth(app, metadata);
}

/** Unauthenticated callers are identified by their remote address. */
function callerOf({ env, var: { principal } }: Context<AppEnv>, auth: Auth | undefined): MessageCaller {
  return principal === undefined
    ? { id: env.incoming.socket.remoteAddress ?? 'unknown' }
    : { id: principal.id, authInfo: authInfoOf(principal, auth?.metadata?.url) };
}

function starting(request: ServerBindings): Response {
  const message = 'The server is starting. Nothing was done; send the same call again.';
  const headers = { 'Retry-After': '1' };
  return refusalResponse({ status: 503, reason: 'starting', code: refused, message, headers }, request);
}

/** A Host header may have any port, so clients may send more names than ALLOWED_HOSTS has. */
const maxKnownHosts = 100;

/**
 * Protects against DNS rebinding: a web page must not reach the server by a host name that points to it. Clients send few
 * different names, so accepted names are remembered and not parsed again.
 */
function requireKnownHost({ allowedHosts }: AppOptions): MiddlewareHandler<AppEnv> {
  const known = new Set<string | undefined>();
  return async ({ req, env }, next) => {
    const name = req.header('host');
    if (known.has(name)) return next();
    const host = validateHostHeader(name, allowedHosts);
    if (!host.ok) return forbidden('host', `${host.message}. ALLOWED_HOSTS names the hosts that are allowed.`, env);
    if (known.size < maxKnownHosts) known.add(name);
    return next();
  };
}

/** Keeps web pages of other sites from calling. Programs send no Origin. */
function requireKnownOrigin({ allowedOrigins, localOriginHosts }: AppOptions): MiddlewareHandler<AppEnv> {
  const isKnown = createOriginCheck(allowedOrigins, localOriginHosts);
  return async ({ req, env }, next) => {
    const origin = req.header('origin');
    return origin === undefined || isKnown(origin)
      ? next()
      : forbidden('origin', `Invalid Origin: ${origin}. ALLOWED_ORIGINS names the web pages that are allowed.`, env);
  };
}

const forbidden = (reason: 'host' | 'origin', message: string, request: ServerBindings): Response =>
  refusalResponse({ status: 403, reason, code: refused, message }, request);
