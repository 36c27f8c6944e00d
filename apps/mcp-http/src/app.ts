import { validateHostHeader, validateOriginHeader } from '@modelcontextprotocol/server';
import { ContextStoreError, type ContextStore } from '@org/context-store';
import type { McpHttpHandler } from '@org/mcp';
import type { HttpBindings } from '@hono/node-server';
import { Hono, type MiddlewareHandler } from 'hono';
import { jsonRpcError, readJsonRpcRequest } from './json-rpc-request.js';

export interface AppOptions {
  readonly handler: Pick<McpHttpHandler, 'fetch'>;
  readonly contextStore: Pick<ContextStore, 'ping'>;
  readonly allowedHosts: string[];
  readonly allowedOrigins: string[];
  readonly maxRequestBytes: number;
  /** Whether the process is about to end, and wants no new calls. */
  readonly isStopping: () => boolean;
  /** Takes one line. */
  readonly log: (line: string) => void;
}

/** Routes, and what is checked before MCP gets to see a request. */
export function createApp(options: AppOptions): Hono<{ Bindings: HttpBindings }> {
  const app = new Hono<{ Bindings: HttpBindings }>();
  app.get('/health', (context) => context.json({ status: 'ok' }));
  app.get('/ready', async (context) => {
    const reason = await unreadiness(options);
    return reason === undefined
      ? context.json({ status: 'ready' })
      : context.json({ status: 'unavailable', reason }, 503);
  });
  // Health checks come from load balancers, which name the server by its address: they are not checked, and tell nothing.
  app.use('/mcp/*', requireKnownHost(options), requireKnownOrigin(options));
  app.all('/mcp/*', ({ req, env }) => serveMcp(req.raw, env, options));
  app.onError((error, { req, json }) => {
    options.log(`${req.method} ${req.path}: ${error.message}`);
    return json({ error: 'The request could not be served.' }, 500);
  });
  app.notFound(({ req, json }) =>
    json(
      { error: `Nothing at ${req.method} ${req.path}. MCP is at POST /mcp; see also GET /health and GET /ready.` },
      404,
    ),
  );
  return app;
}

async function serveMcp(request: Request, { incoming }: HttpBindings, options: AppOptions): Promise<Response> {
  const { handler, maxRequestBytes } = options;
  if (request.method !== 'POST') return handler.fetch(request);
  const read = await readJsonRpcRequest(incoming, maxRequestBytes);
  return 'refusal' in read ? read.refusal : handler.fetch(request, { parsedBody: read.body });
}

async function unreadiness({ contextStore, isStopping }: AppOptions): Promise<string | undefined> {
  if (isStopping()) return 'The server is stopping.';
  try {
    await contextStore.ping();
    return undefined;
  } catch (error) {
    return error instanceof ContextStoreError ? error.message : 'The database does not answer.';
  }
}

/** Keeps a web page from reaching the server through a name that it made point here (DNS rebinding). */
const requireKnownHost =
  ({ allowedHosts }: AppOptions): MiddlewareHandler =>
  async ({ req }, next) => {
    const host = validateHostHeader(req.header('host'), allowedHosts);
    return host.ok ? next() : forbidden(`${host.message}. ALLOWED_HOSTS names the hosts that are allowed.`);
  };

/** Keeps web pages of other sites from calling; programs send no Origin. */
const requireKnownOrigin =
  ({ allowedOrigins }: AppOptions): MiddlewareHandler =>
  async ({ req }, next) => {
    const origin = validateOriginHeader(req.header('origin'), allowedOrigins);
    return origin.ok ? next() : forbidden(`${origin.message}. ALLOWED_ORIGINS names the web pages that are allowed.`);
  };

const forbidden = (message: string): Response => jsonRpcError(403, -32_000, message);
