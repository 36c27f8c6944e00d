import { randomUUID } from 'node:crypto';
import {
  CLIENT_INFO_META_KEY,
  Server,
  specTypeSchemas,
  type Implementation,
  type McpRequestContext,
  type McpServerFactory,
  type ServerCapabilities,
  type ServerContext,
  type ServerOptions,
} from '@modelcontextprotocol/server';
import { noTelemetry, type Caller, type ContextStore, type Telemetry } from '@org/domain';
import { z } from 'zod';
import { createToolCaller, type CallTool } from './tools/call-tool.js';
import { clientNameIn } from './http/client-session.js';
import { createCompleter } from './completions.js';
import { instructions } from './instructions.js';
import { serveLegacySubscriptions } from './subscriptions/legacy-subscriptions.js';
import { observeCalls, type FinishedCall } from './tools/observe-calls.js';
import { createPromptGetter, prompts } from './prompts/prompts.js';
import { invalidParams } from './errors/protocol-error.js';
import { reportProgress } from './tools/report-progress.js';
import type { ResourceChanges } from './subscriptions/resource-changes.js';
import { templateOf } from './resources/resource-uri.js';
import { createResources, resourceTemplates } from './resources/resources.js';
import type { OnError } from './errors/report-error.js';
import { mcpRequest } from './messages/mcp-request.js';
import { tools } from './tools/tools.js';

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
  /** What clients may subscribe to. Absent: nothing. */
  readonly resourceChanges?: ResourceChanges | undefined;
  /** Ends all waiting with an empty answer, so that the process can stop. */
  readonly stopping?: AbortSignal | undefined;
  /** How often a client that asked for progress hears of a call that takes long. Default 10 s. */
  readonly progressIntervalMs?: number | undefined;
  /** Is told of the readings of resources; the calls of tools the context store tells of. Default: it traces nothing. */
  readonly telemetry?: Pick<Telemetry, 'traceRead'> | undefined;
  readonly onError?: OnError | undefined;
  /** Hears of every call of a tool that was answered. Measuring costs: only for who wants to see each one. */
  readonly onCall?: ((call: FinishedCall) => void) | undefined;
}

const hourMs = 3_600_000;
const unchanging = { ttlMs: hourMs, cacheScope: 'public' } as const;

/**
 * The context store as an MCP server. The factory serves both protocol eras on every transport; it runs once per HTTP
 * request, so all that can be made once is made here.
 */
export function createMcpServerFactory(options: McpServerFactoryOptions): McpServerFactory {
  const { contextStore, version, caller: callerOf, rememberEpochs = false, resourceChanges } = options;
  const { progressIntervalMs = 10_000, telemetry = noTelemetry, onError } = options;
  const serverInfo = serverInfoOf(version);
  const callTool = createObservedToolCaller(options);
  // Whoever connects to a process that lasts, it is one and the same to the store.
  const ownProcess: Caller = rememberEpochs ? { process: randomUUID() } : {};
  const resources = createResources(contextStore, onError);
  const getPrompt = createPromptGetter(contextStore, onError);
  const complete = createCompleter(contextStore, onError);

  return (context) => {
    const subscribable = subscribableFeatures(context, resourceChanges);
    // McpServer would convert every schema again for each request, and word its own validation errors.
    // oxlint-disable-next-line typescript/no-deprecated -- kept by the SDK for advanced uses such as this one
    const server = new Server(serverInfo, serverOptionsWith(subscribable));
    const base = { ...ownProcess, ...callerOf?.(context) };
    const callerFor = (ctx: ServerContext): Caller => ({
      clientName: clientNameOf(server, ctx) ?? clientNameIn(context.requestInfo),
      signal: ctx.mcpReq.signal,
      ...base,
    });

    server.setRequestHandler('tools/call', async ({ params }, ctx) => {
      const stopReporting = reportProgress(ctx, progressIntervalMs);
      try {
        const caller = { ...callerFor(ctx), request: mcpRequest(server, ctx, context) };
        return await callTool(params.name, params.arguments ?? {}, caller);
      } finally {
        stopReporting();
      }
    });
    // With the schemas of their parameters, a malformed request is an Invalid params error and not an internal one.
    server.setRequestHandler('tools/list', paramsOf.list, onePage({ tools: [...tools] }));
    server.setRequestHandler('prompts/list', paramsOf.list, onePage({ prompts: [...prompts] }));
    server.setRequestHandler('resources/templates/list', paramsOf.list, onePage({ resourceTemplates }));
    server.setRequestHandler('prompts/get', paramsOf.prompt, ({ name, arguments: given }, ctx) =>
      getPrompt(name, given, callerFor(ctx)),
    );
    server.setRequestHandler('resources/list', paramsOf.list, (params, ctx) =>
      resources.list(params?.cursor, callerFor(ctx)),
    );
    server.setRequestHandler('resources/read', paramsOf.read, ({ uri }, ctx) => {
      const request = mcpRequest(server, ctx, context);
      return telemetry.traceRead({ request, uriTemplate: templateOf(uri) }, () =>
        resources.read(uri, { ...callerFor(ctx), request }),
      );
    });
    server.setRequestHandler('completion/complete', paramsOf.complete, (params, ctx) =>
      complete(params, callerFor(ctx)),
    );
    if (context.era === 'legacy' && subscribable.subscribe === true && resourceChanges !== undefined) {
      serveLegacySubscriptions(server, resourceChanges, base);
    }
    return server;
  };
}

export const serverInfoOf = (version: string): Implementation => ({
  name: 'context-store',
  title: 'Context Store',
  version,
});

export function createObservedToolCaller(options: McpServerFactoryOptions): CallTool {
  const { contextStore, rememberEpochs = false, stopping, onError, onCall } = options;
  const callTool = createToolCaller({ contextStore, rememberEpochs, stopping, onError });
  return onCall === undefined ? callTool : observeCalls(callTool, onCall);
}

/** What of the resources a client can hear of over this connection. */
function subscribableFeatures(
  { era, requestInfo }: McpRequestContext,
  changes: ResourceChanges | undefined,
): NonNullable<ServerCapabilities['resources']> {
  if (changes === undefined) return {};
  if (era === 'modern') return { subscribe: true, listChanged: true };
  // A legacy request over HTTP has no connection over which it could hear of anything later. On stdio, a client would
  // hear of the list unasked, and its process would have to watch the store all the time.
  return requestInfo === undefined ? { subscribe: true } : {};
}

/** Answers with a list that has one page. @throws ProtocolError for a cursor: it can only come from another server */
const onePage =
  <List>(list: List) =>
  (params: { readonly cursor?: string | undefined } | undefined): List => {
    if (params?.cursor === undefined || params.cursor === '') return list;
    throw invalidParams('cursor: this list has one page, and gives no cursor. Ask for it again without one.');
  };

const paramsOf = {
  /** As the protocol has it, but an argument that a client leaves out may be null. */
  prompt: {
    params: z.looseObject({ name: z.string(), arguments: z.record(z.string(), z.string().nullable()).optional() }),
  },
  list: { params: specTypeSchemas.PaginatedRequestParams },
  read: { params: specTypeSchemas.ReadResourceRequestParams },
  complete: { params: specTypeSchemas.CompleteRequestParams },
} as const;

const serverOptionsWith = (resources: NonNullable<ServerCapabilities['resources']>): ServerOptions => ({
  instructions,
  capabilities: { tools: {}, prompts: {}, resources, completions: {} },
  cacheHints: {
    'tools/list': unchanging,
    'prompts/list': unchanging,
    'resources/templates/list': unchanging,
    'server/discover': unchanging,
  },
  // Only elicitation would use one, and making the default one for every request is dear.
  jsonSchemaValidator: {
    getValidator: () => {
      throw new Error('this server never elicits');
    },
  },
});

/** Modern requests carry the client's name, legacy connections have agreed on it once; legacy HTTP has it in its session's id. */
// oxlint-disable-next-line typescript/no-deprecated -- the only place where a legacy connection has it
function clientNameOf(server: Server, { mcpReq }: ServerContext): string | undefined {
  // The SDK has checked it; its published type of the envelope is empty.
  const envelope: { readonly [CLIENT_INFO_META_KEY]?: Implementation } | undefined = mcpReq.envelope;
  // oxlint-disable-next-line typescript/no-deprecated -- see above
  return (envelope?.[CLIENT_INFO_META_KEY] ?? server.getClientVersion())?.name;
}
