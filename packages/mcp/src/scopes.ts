import type { UseCaseInput, UseCaseName } from '@org/domain';
import type { JSONRPCNotification, JSONRPCRequest } from '@modelcontextprotocol/server';
import { interestsOf } from './listen-request.js';
import type { Message } from './message.js';
import { parseUri, type FixedResource, type TemplateResource } from './resource-uri.js';

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

/**
 * The scopes that a credential must have for a message, all of them. A request whose method this server does not know needs
 * `context:read`.
 */
export function scopesNeeded(message: Message): readonly Scope[] {
  switch (message.kind) {
    case 'tool_call':
      // The answer to an unknown name lists the tools that exist.
      return message.tool === undefined ? [] : scopesOfCall(message.tool, message.arguments);
    case 'listen': {
      const { uris, list } = interestsOf(message.body.params);
      return [...(list ? ['context:read' as const] : []), ...uris.map(scopeOfUri)];
    }
    case 'request':
    case 'notification':
      return scopesOfMethod(message.body);
    case 'response':
      return [];
  }
}

function scopesOfMethod({ method, params }: JSONRPCRequest | JSONRPCNotification): readonly Scope[] {
  if (method.startsWith('notifications/') || openMethods.has(method)) return [];
  switch (method) {
    case 'resources/read':
    case 'resources/subscribe':
      return [scopeOfUri(params?.['uri'])];
    case 'completion/complete': {
      // The agents to which the caller made offers are among the values of this argument.
      const argument = params?.['argument'] as { readonly name?: unknown } | null | undefined;
      return argument?.name === 'targetAgent' ? ['context:read', 'handoff'] : ['context:read'];
    }
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
