import {
  CLIENT_INFO_META_KEY,
  Server,
  specTypeSchemas,
  type Implementation,
  type McpRequestContext,
  type McpServerFactory,
  type ServerContext,
  type ServerOptions,
} from '@modelcontextprotocol/server';
import type { Caller, ContextStore } from '@org/domain';
import { createToolCaller } from './call-tool.js';
import { instructions } from './instructions.js';
import { createResources, resourceTemplates } from './resources.js';
import type { OnError } from './tool-error.js';
import { tools } from './tools.js';

export interface McpServerFactoryOptions {
  readonly contextStore: ContextStore;
  /** Of the product, as clients see it. */
  readonly version: string;
  /** Who is behind one serving unit (an HTTP request, a stdio connection), as far as the transport knows. */
  readonly caller?: ((context: McpRequestContext) => Caller) | undefined;
  /**
   * Sends the epoch along by itself in calls that give none, so that this process is fenced even against another one with
   * the same agent name. For a process that serves one person and one namespace. Default false.
   */
  readonly rememberEpochs?: boolean | undefined;
  readonly onError?: OnError | undefined;
}

const hourMs = 3_600_000;
const unchanging = { ttlMs: hourMs, cacheScope: 'public' } as const;

/**
 * The context store as an MCP server. The factory serves both protocol eras on every transport; it runs once per HTTP
 * request, so all that can be made once is made here.
 */
export function createMcpServerFactory(options: McpServerFactoryOptions): McpServerFactory {
  const { contextStore, version, caller: callerOf, rememberEpochs = false, onError } = options;
  const serverInfo: Implementation = { name: 'context-store', title: 'Context Store', version };
  const callTool = createToolCaller({ contextStore, rememberEpochs, onError });
  const resources = createResources(contextStore, onError);

  return (context) => {
    // McpServer would convert every schema again for each request, and word its own validation errors.
    // oxlint-disable-next-line typescript/no-deprecated -- kept by the SDK for advanced uses such as this one
    const server = new Server(serverInfo, serverOptions);
    const base = callerOf?.(context) ?? {};
    const callerFor = (ctx: ServerContext): Caller => ({ clientName: clientNameOf(server, ctx), ...base });

    server.setRequestHandler('tools/list', () => ({ tools: [...tools] }));
    server.setRequestHandler('tools/call', ({ params }, ctx) =>
      callTool(params.name, params.arguments ?? {}, callerFor(ctx)),
    );
    server.setRequestHandler('resources/templates/list', () => ({ resourceTemplates }));
    // With the schemas of their parameters, a malformed request is an Invalid params error and not an internal one.
    server.setRequestHandler('resources/list', paramsOf.list, (params, ctx) =>
      resources.list(params?.cursor, callerFor(ctx)),
    );
    server.setRequestHandler('resources/read', paramsOf.read, (params, ctx) =>
      resources.read(params.uri, callerFor(ctx)),
    );
    server.setRequestHandler('completion/complete', paramsOf.complete, (params, ctx) =>
      resources.complete(params, callerFor(ctx)),
    );
    return server;
  };
}

const paramsOf = {
  list: { params: specTypeSchemas.PaginatedRequestParams },
  read: { params: specTypeSchemas.ReadResourceRequestParams },
  complete: { params: specTypeSchemas.CompleteRequestParams },
} as const;

const serverOptions: ServerOptions = {
  instructions,
  capabilities: { tools: {}, resources: {}, completions: {} },
  cacheHints: { 'tools/list': unchanging, 'resources/templates/list': unchanging, 'server/discover': unchanging },
  // Only elicitation would use one, and making the default one for every request is dear.
  jsonSchemaValidator: {
    getValidator: () => {
      throw new Error('this server never elicits');
    },
  },
};

/** Modern requests carry the client's name, legacy connections have agreed on it once, stateless legacy HTTP has none. */
// oxlint-disable-next-line typescript/no-deprecated -- the only place where a legacy connection has it
function clientNameOf(server: Server, { mcpReq }: ServerContext): string | undefined {
  // The SDK has checked it; its published type of the envelope is empty.
  const envelope: { readonly [CLIENT_INFO_META_KEY]?: Implementation } | undefined = mcpReq.envelope;
  // oxlint-disable-next-line typescript/no-deprecated -- see above
  return (envelope?.[CLIENT_INFO_META_KEY] ?? server.getClientVersion())?.name;
}
