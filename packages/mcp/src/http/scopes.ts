import type { JSONRPCNotification, JSONRPCRequest } from '@modelcontextprotocol/server';
import type { Scope, UseCaseInput, UseCaseName } from '@org/domain';
import type { Message } from '../messages/message.js';
import { findResource, type FixedResource, type TemplateResource } from '../resources/resource-uri.js';
import { interestsOf } from '../subscriptions/interests.js';

/** The scope that a call of each tool needs. `argumentScopes` has the additional scopes of some arguments. */
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

/** Arguments with which a tool that reads also writes. */
const argumentScopes: { readonly [Name in UseCaseName]?: { readonly [Argument in keyof UseCaseInput<Name>]?: Scope } } =
  { getContext: { ackSequence: 'context:write' } };

/** The scope that is needed to read a resource, or to subscribe to it. */
export const resourceScopes: { readonly [Resource in FixedResource | TemplateResource]: Scope } = {
  sessions: 'context:read',
  stats: 'context:read',
  summary: 'context:read',
  context: 'context:read',
  session: 'context:read',
  inbox: 'handoff',
  agentSessions: 'context:read',
};

/** Requests with the same answer for every caller. Clients must see a tool before they can request the scope that it needs. */
const openMethods: ReadonlySet<unknown> = new Set([
  'initialize',
  'ping',
  'logging/setLevel',
  'server/discover',
  'tools/list',
  'prompts/list',
  'resources/templates/list',
]);

/** All scopes that a credential must have for a message. A request with an unknown method needs `context:read`. */
export function scopesNeeded(message: Message): readonly Scope[] {
  switch (message.kind) {
    case 'tool_call':
      // A call of an unknown tool is answered with the names of all tools.
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
      // The values of this argument include the targets of the caller's offers.
      const argument = params?.['argument'] as { readonly name?: unknown } | null | undefined;
      return argument?.name === 'targetAgent' ? ['context:read', 'handoff'] : ['context:read'];
    }
    default:
      return ['context:read'];
  }
}

function scopesOfCall(name: UseCaseName, given: unknown): readonly Scope[] {
  const args = (given ?? {}) as Readonly<Record<string, unknown>>;
  const additional = Object.entries(argumentScopes[name] ?? {}).filter(
    ([argument]) => (args[argument] ?? undefined) !== undefined,
  );
  return [toolScopes[name], ...additional.map(([, scope]) => scope)];
}

function scopeOfUri(uri: unknown): Scope {
  const resource = findResource(String(uri));
  return resource === undefined ? 'context:read' : resourceScopes[resource];
}

/** The needed scopes that were not granted, each once. */
export function missingScopes(needed: readonly Scope[], granted: readonly string[]): Scope[] {
  return granted.includes('admin') ? [] : [...new Set(needed)].filter((scope) => !granted.includes(scope));
}
