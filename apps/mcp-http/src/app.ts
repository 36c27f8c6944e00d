import { validateHostHeader } from '@modelcontextprotocol/server';
import type { ContextStore } from '@org/context-store';
import { Hono, type Context, type MiddlewareHandler } from 'hono';
import { authInfoOf } from './auth/auth-info.js';
import type { CredentialError } from './auth/credential-error.js';
import type { Auth } from './auth/open-auth.js';
import { requireCredential } from './auth/require-credential.js';
import { serveOauth } from './auth/serve-oauth.js';
import { allowCrossOrigin } from './http/cors.js';
import type { ServerBindings } from './http/http-server.js';
import { refusalResponse, refused } from './http/read-request.js';
import { createOriginCheck } from './http/origin-check.js';
import type { AppVariables } from './auth/principal.js';
import { probeMethods, probePaths } from './http/probes.js';
import { createDatabaseCheck } from './lifecycle/readiness.js';
import type { MessageCaller, ServeMessage } from './http/serve-message.js';
import { within } from './lifecycle/within.js';

/** What serves calls. */
export interface Service {
  /** Serves what gets past the checks. */
  readonly serveMessage: ServeMessage;
  readonly contextStore: Pick<ContextStore, 'ping'>;
}

export interface AppOptions {
  /** Resolves when the database is open, and migrated. */
  readonly service: Promise<Service>;
  readonly allowedHosts: string[];
  /** Whose web pages may call, and read the answers; see `createOriginCheck`. */
  readonly allowedOrigins: readonly string[];
  /** Hosts whose web pages may call, on any port, without reading the answers. */
  readonly localOriginHosts: readonly string[];
  /** Absent: everyone may call. */
  readonly auth?: Auth | undefined;
  /** How long it is held back that a credential was refused; see `requireCredential`. */
  readonly refusalDelayMs?: number | undefined;
  /** Hears why a credential was refused. */
  readonly onRefusal?: ((reason: CredentialError, request: { readonly requestId: string }) => void) | undefined;
  /** Whether the process is about to end, and wants no new calls. */
  readonly isStopping: () => boolean;
  /** Hears of defects; the caller learns the request id alone. */
  readonly onError: (error: unknown, request: { readonly requestId: string }) => void;
}

interface AppEnv {
  Bindings: ServerBindings;
  Variables: AppVariables;
}

/**
 * How long a call waits for a server that is starting, as it would for one that does not listen yet. That is enough for a
 * start without much to migrate, and less than clients and load balancers wait.
 */
const waitForStartMs = 5000;

/** Routes, and what is checked before MCP gets to see a request. */
export function createApp(options: AppOptions): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.on(probeMethods, probePaths.health, (context) => context.json({ status: 'ok' }));
  const unreadiness = createUnreadiness(options);
  app.on(probeMethods, probePaths.ready, async (context) => {
    const reason = await unreadiness();
    return reason === undefined
      ? context.json({ status: 'ready' })
      : context.json({ status: 'unavailable', reason }, 503);
  });
  // Health checks come from load balancers, which name the server by its address: they are not checked, and tell nothing.
  app.use('/mcp/*', requireKnownHost(options), requireKnownOrigin(options), allowCrossOrigin(options.allowedOrigins));
  app.use('/mcp/*', requireTurn);
  serveAuth(app, options);
  let opened: Service | undefined;
  app.all('/mcp/*', async (context) => {
    opened ??= await within(options.service, waitForStartMs);
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

/**
 * Answers leave in the order of their requests. Behind one that waits, a call would keep its slot for as long, and behind one
 * whose refusal is held back, any number of credentials would be checked at once. RFC 9112, section 9.3.2: clients should not
 * send what is not idempotent like this, and those of MCP do not.
 */
const requireTurn: MiddlewareHandler<AppEnv> = async ({ env }, next) => {
  if (env.outgoing.socket !== null) return next();
  const message =
    'This came before the last request on its connection was answered. Nothing was done; send one request at a time on each connection.';
  return refusalResponse({ status: 400, reason: 'out_of_turn', code: refused, message }, env);
};

/** Comes before the body of a request is read. */
function serveAuth(app: Hono<AppEnv>, { auth, refusalDelayMs, onRefusal = () => undefined }: AppOptions): void {
  if (auth === undefined) return;
  const { authenticator, metadata } = auth;
  app.use(
    '/mcp/*',
    requireCredential({ authenticator, resourceMetadataUrl: metadata?.url, refusalDelayMs, onRefusal }),
  );
  serveOauth(app, metadata);
}

/** Of whom nothing else is known, the address tells. */
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

/** @returns what tells why the server should be given no calls now; undefined: it should */
function createUnreadiness({ service, auth, isStopping }: AppOptions): () => Promise<string | undefined> {
  const databaseCheck = service.then(({ contextStore }) => createDatabaseCheck(contextStore));
  // Without its database the server does not come up at all: whoever opens it says why.
  databaseCheck.catch(() => undefined);
  return async () => {
    if (isStopping()) return 'The server is stopping.';
    const check = await within(databaseCheck, 0);
    return check === undefined
      ? 'The server is starting: it opens its database, and migrates it if that is needed.'
      : ((await check()) ?? auth?.authenticator.unreadiness());
  };
}

/**
 * Keeps a web page from reaching the server through a name that it made point here (DNS rebinding). A few names are sent all
 * the time: those that were found good are not parsed again.
 */
function requireKnownHost({ allowedHosts }: AppOptions): MiddlewareHandler<AppEnv> {
  const known = new Set<string | undefined>();
  return async ({ req, env }, next) => {
    const name = req.header('host');
    if (known.has(name)) return next();
    const host = validateHostHeader(name, allowedHosts);
    if (!host.ok) return forbidden('host', `${host.message}. ALLOWED_HOSTS names the hosts that are allowed.`, env);
    if (known.size < mostKnownHosts) known.add(name);
    return next();
  };
}

/** A name may come with any port. */
const mostKnownHosts = 100;

/** Keeps web pages of other sites from calling; programs send no Origin. */
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
