import type { UseCaseInput, UseCaseName } from '@org/domain';
import { interestsOf, listenMethod } from '../subscriptions/listen-request.js';
import { parseUri, type FixedResource, type TemplateResource } from '../resources/resource-uri.js';
import { isToolName } from '../tools/tools.js';

/** What a credential may be good for, and what that is. */
export const scopes = {
  'context:read': 'Read sessions, their logs and briefings, and hear when they change.',
  'context:write': 'Create sessions, append to them, change them, and move read marks (`ackSequence`).',
  handoff: 'See, make, accept and end handoffs. An acceptance answers with the briefing of its session.',
  admin: 'Everything: stands for all other scopes.',
} as const;

export type Scope = keyof typeof scopes;

/** What a call of each tool needs; `argumentScopes` tells what some arguments need besides. */
export const toolScopes: { readonly [Name in UseCaseName]: Scope } = {
  registerSession: 'context:write',
  updateContext: 'context:write',
  getContext: 'context:read',
  getBriefing: 'context:read',
  requestHandoff: 'handoff',
  listHandoffs: 'handoff',
  acceptHandoff: 'handoff',
  resolveHandoff: 'handoff',
  listSessions: 'context:read',
  updateSession: 'context:write',
};

/** Arguments that make a call of a reading tool write. */
const argumentScopes: { readonly [Name in UseCaseName]?: { readonly [Argument in keyof UseCaseInput<Name>]?: Scope } } =
  { getContext: { ackSequence: 'context:write' } };

/** What reading a resource needs, and hearing of its changes. */
export const resourceScopes: { readonly [Resource in FixedResource | TemplateResource]: Scope } = {
  sessions: 'context:read',
  stats: 'context:read',
  summary: 'context:read',
  context: 'context:read',
  session: 'context:read',
  inbox: 'handoff',
  agentSessions: 'context:read',
};

/** Requests whose answer is the same for everyone. A client has to see a tool before it can ask for the scope that it needs. */
const openMethods: ReadonlySet<unknown> = new Set([
  'initialize',
  'ping',
  'logging/setLevel',
  'server/discover',
  'tools/list',
  'prompts/list',
  'resources/templates/list',
]);

interface Message {
  readonly method?: unknown;
  readonly params?:
    | {
        readonly name?: unknown;
        readonly arguments?: unknown;
        readonly uri?: unknown;
        readonly argument?: { readonly name?: unknown } | null;
      }
    | undefined;
}

/**
 * The scopes that a credential must have for a JSON-RPC message, all of them; of several messages, what all of them need
 * together. A request that is not known here needs `context:read`.
 */
export function scopesNeeded(message: unknown): readonly Scope[] {
  if (Array.isArray(message)) return message.flatMap(scopesNeeded);
  const { method, params } = (message ?? {}) as Message;
  if (typeof method !== 'string' || method.startsWith('notifications/') || openMethods.has(method)) return [];
  switch (method) {
    case 'tools/call':
      // The name of one that does not exist is answered with those that do.
      return typeof params?.name === 'string' && isToolName(params.name)
        ? scopesOfCall(params.name, params.arguments)
        : [];
    case 'resources/read':
    case 'resources/subscribe':
      return [scopeOfUri(params?.uri)];
    case listenMethod: {
      const { uris, list } = interestsOf(params);
      return [...(list ? ['context:read' as const] : []), ...uris.map(scopeOfUri)];
    }
    case 'completion/complete':
      // Those whom the caller made offers to are among its values.
      return params?.argument?.name === 'targetAgent' ? ['context:read', 'handoff'] : ['context:read'];
    default:
      return ['context:read'];
  }
}

function scopesOfCall(name: UseCaseName, given: unknown): readonly Scope[] {
  const args = (given ?? {}) as Readonly<Record<string, unknown>>;
  const besides = Object.entries(argumentScopes[name] ?? {}).filter(
    ([argument]) => (args[argument] ?? undefined) !== undefined,
  );
  return [toolScopes[name], ...besides.map(([, scope]) => scope)];
}

function scopeOfUri(uri: unknown): Scope {
  try {
    return resourceScopes[parseUri(String(uri)).resource];
  } catch {
    return 'context:read';
  }
}

/** Those of the needed scopes that were not granted, each once. */
export function missingScopes(needed: readonly Scope[], granted: readonly string[]): Scope[] {
  return granted.includes('admin') ? [] : [...new Set(needed)].filter((scope) => !granted.includes(scope));
}
