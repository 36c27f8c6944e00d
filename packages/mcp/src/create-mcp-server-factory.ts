import { randomUUID } from 'node:crypto';
import {
  CLIENT_INFO_META_KEY,
  Server,
  specTypeSchemas,
  type McpRequestContext,
  type McpServerFactory,
  type ServerContext,
} from '@modelcontextprotocol/server';
import { noTelemetry, type RequestCaller, type McpRequest, type Telemetry } from '@org/domain';
import { z } from 'zod';
import { createCompleter, type Complete } from './completions.js';
import { invalidParams } from './errors/protocol-error.js';
import { clientNameIn } from './http/client-session.js';
import { mcpRequest } from './messages/mcp-request.js';
import { observeReads, type Read } from './observe-reads.js';
import { chooseProject, projectInMeta, type FindProjectOfFolder } from './projects/project-in-meta.js';
import { createPromptGetter, prompts, type GetPrompt } from './prompts/prompts.js';
import { templateOf } from './resources/resource-uri.js';
import { createResources, resourceTemplates, type Resources } from './resources/resources.js';
import { resourceCapabilities, serverInfoOf, serverOptions } from './server-options.js';
import { serveLegacySubscriptions } from './subscriptions/legacy-subscriptions.js';
import type { ResourceChanges } from './subscriptions/resource-changes.js';
import type { CallTool } from './tools/call-tool.js';
import { createLastSession } from './tools/last-session.js';
import { createToolCaller, type ToolCallerOptions } from './tools/create-tool-caller.js';
import { reportProgress } from './tools/report-progress.js';
import { tools } from './tools/tools.js';

export interface McpServerFactoryOptions extends ToolCallerOptions {
  /** The product's version, which clients see. */
  readonly version: string;
  /** Who calls in one HTTP request or over one stdio connection, as far as the transport knows. */
  readonly caller?: ((context: McpRequestContext) => RequestCaller) | undefined;
  /** Default: clients cannot subscribe. */
  readonly resourceChanges?: ResourceChanges | undefined;
  /** Interval of progress notifications, for clients that ask for progress. Default: 10 s. */
  readonly progressIntervalMs?: number | undefined;
  /** Looks at the folders that clients name, for a server on their machine. Default: folders are not looked at. */
  readonly findProject?: FindProjectOfFolder | undefined;
  /** Traces reads of resources. The context store traces tool calls itself. Default: no traces. */
  readonly telemetry?: Pick<Telemetry, 'traceRead'> | undefined;
}

/**
 * The context store as an MCP server. The factory serves both protocol eras on every transport. Over HTTP it runs once per
 * request, so everything that requests can share is created outside of it.
 */
export function createMcpServerFactory(options: McpServerFactoryOptions): McpServerFactory {
  const { contextStore, version, caller: callerOf, rememberEpochs = false, resourceChanges } = options;
  const { progressIntervalMs = 10_000, telemetry = noTelemetry, findProject, onError, onCall } = options;
  const serverInfo = serverInfoOf(version);
  const lastSession = rememberEpochs ? createLastSession() : undefined;
  const callTool = createToolCaller(options, lastSession);
  const resources = createResources(contextStore, onError);
  const getPrompt = createPromptGetter({ contextStore, onError, lastSession });
  const complete = createCompleter(contextStore, onError);
  const runRead = observeReads(contextStore, onCall);
  // To the store, all connections of a long-lived process come from the same process.
  const ownProcess: RequestCaller = rememberEpochs ? { process: randomUUID() } : {};

  return (context) => {
    const capabilities = resourceCapabilities(context, resourceChanges);
    // McpServer would convert every schema again for each request, and word validation errors differently.
    // oxlint-disable-next-line typescript/no-deprecated -- the SDK keeps it for advanced uses such as this one
    const server = new Server(serverInfo, serverOptions(capabilities));
    const base = { ...ownProcess, ...callerOf?.(context) };
    const requests: Requests = {
      callerOf: (ctx) => ({
        clientName: clientNameOf(server, ctx) ?? clientNameIn(context.requestInfo),
        signal: ctx.mcpReq.signal,
        ...base,
        project: chooseProject(projectInMeta(ctx.mcpReq._meta, findProject), base.project),
      }),
      mcpRequestOf: (ctx) => mcpRequest(server, ctx, context),
      runRead: (read, ctx, run) =>
        runRead({ ...read, request: requests.mcpRequestOf(ctx) }, requests.callerOf(ctx), run),
    };
    handleTools(server, requests, callTool, progressIntervalMs);
    handleResources(server, requests, resources, telemetry);
    handlePrompts(server, requests, getPrompt, complete);
    if (context.era === 'legacy' && capabilities.subscribe === true && resourceChanges !== undefined) {
      serveLegacySubscriptions(server, resourceChanges, base);
    }
    return server;
  };
}

/** What the handlers of one server need to know of each request. */
interface Requests {
  readonly callerOf: (ctx: ServerContext) => RequestCaller;
  readonly mcpRequestOf: (ctx: ServerContext) => McpRequest;
  /** Runs a request other than a tool call. */
  readonly runRead: <T>(
    read: Omit<Read, 'request'>,
    ctx: ServerContext,
    run: (caller: RequestCaller) => Promise<T>,
  ) => Promise<T>;
}

// oxlint-disable-next-line typescript/no-deprecated -- see `createMcpServerFactory`
function handleTools(server: Server, requests: Requests, callTool: CallTool, progressIntervalMs: number): void {
  server.setRequestHandler('tools/list', paramsOf.list, onePage({ tools: [...tools] }));
  server.setRequestHandler('tools/call', async ({ params }, ctx) => {
    const stopReporting = reportProgress(ctx, progressIntervalMs);
    try {
      const caller = { ...requests.callerOf(ctx), request: requests.mcpRequestOf(ctx) };
      return await callTool(params.name, params.arguments ?? {}, caller);
    } finally {
      stopReporting();
    }
  });
}

function handleResources(
  // oxlint-disable-next-line typescript/no-deprecated -- see `createMcpServerFactory`
  server: Server,
  requests: Requests,
  resources: Resources,
  telemetry: Pick<Telemetry, 'traceRead'>,
): void {
  server.setRequestHandler('resources/templates/list', paramsOf.list, onePage({ resourceTemplates }));
  server.setRequestHandler('resources/list', paramsOf.list, (params, ctx) =>
    requests.runRead({ method: 'resources/list', params }, ctx, (caller) => resources.list(params?.cursor, caller)),
  );
  server.setRequestHandler('resources/read', paramsOf.read, (params, ctx) => {
    const request = requests.mcpRequestOf(ctx);
    return requests.runRead({ method: 'resources/read', params }, ctx, (caller) =>
      telemetry.traceRead({ request, uriTemplate: templateOf(params.uri) }, () =>
        resources.read(params.uri, { ...caller, request }),
      ),
    );
  });
}

// oxlint-disable-next-line typescript/no-deprecated -- see `createMcpServerFactory`
function handlePrompts(server: Server, requests: Requests, getPrompt: GetPrompt, complete: Complete): void {
  server.setRequestHandler('prompts/list', paramsOf.list, onePage({ prompts: [...prompts] }));
  server.setRequestHandler('prompts/get', paramsOf.prompt, (params, ctx) =>
    requests.runRead({ method: 'prompts/get', params }, ctx, (caller) =>
      getPrompt(params.name, params.arguments, caller),
    ),
  );
  server.setRequestHandler('completion/complete', paramsOf.complete, (params, ctx) =>
    requests.runRead({ method: 'completion/complete', params }, ctx, (caller) => complete(params, caller)),
  );
}

/** Handles a list that has one page. @throws ProtocolError for a cursor, which can only come from another server */
const onePage =
  <List>(list: List) =>
  (params: { readonly cursor?: string | undefined } | undefined): List => {
    if (params?.cursor === undefined || params.cursor === '') return list;
    throw invalidParams('cursor: this list has one page, and gives no cursor. Ask for it again without one.');
  };

/** Schemas of parameters. Without them, the SDK answers a malformed request with an internal error, not Invalid params. */
const paramsOf = {
  /** The protocol's schema, except that an argument without a value may be null. */
  prompt: {
    params: z.looseObject({ name: z.string(), arguments: z.record(z.string(), z.string().nullable()).optional() }),
  },
  list: { params: specTypeSchemas.PaginatedRequestParams },
  read: { params: specTypeSchemas.ReadResourceRequestParams },
  complete: { params: specTypeSchemas.CompleteRequestParams },
} as const;

/** Modern requests contain the client's name; on a legacy connection the client has sent it once, at `initialize`. */
// oxlint-disable-next-line typescript/no-deprecated -- only this class has the name of a legacy connection
function clientNameOf(server: Server, { mcpReq }: ServerContext): string | undefined {
  // The SDK publishes an empty type for the envelope, and does not validate it on a legacy connection.
  const envelope: { readonly [CLIENT_INFO_META_KEY]?: { readonly name?: unknown } | null } | undefined =
    mcpReq.envelope;
  const name = envelope?.[CLIENT_INFO_META_KEY]?.name;
  // oxlint-disable-next-line typescript/no-deprecated -- see above
  return typeof name === 'string' ? name : server.getClientVersion()?.name;
}
