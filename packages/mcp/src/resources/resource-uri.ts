import { ProtocolError, ProtocolErrorCode, ResourceNotFoundError } from '@modelcontextprotocol/server';
import { agentSchema, quoteOf, sessionKeySchema } from '@org/domain';

/** Resources without a variable. */
const fixedUris = { sessions: 'handoff://sessions', stats: 'handoff://stats' } as const;

/** Resources of one session or agent, in the order in which they are listed. If a URI matches two, the first one counts. */
const templates = {
  summary: 'handoff://summary/{sessionKey}',
  context: 'handoff://context/{sessionKey}',
  session: 'handoff://sessions/{sessionKey}',
  inbox: 'handoff://inbox/{agentId}',
  agentSessions: 'handoff://agents/{agentId}/sessions',
} as const;

const variables = { sessionKey: sessionKeySchema, agentId: agentSchema } as const;
export type TemplateVariable = keyof typeof variables;

export type FixedResource = keyof typeof fixedUris;
export type TemplateResource = keyof typeof templates;

/** The resource that a URI names. `name` is the session key, or the agent. */
export type ParsedUri =
  | { readonly resource: FixedResource; readonly name?: undefined }
  | { readonly resource: TemplateResource; readonly name: string };

/** The URI or URI template of each resource. */
export const resourceUris: { readonly [Resource in FixedResource | TemplateResource]: string } = {
  ...fixedUris,
  ...templates,
};

/** Which resource a URI names, without the name in it. Returns undefined if it names none. */
export function findResource(uri: string): ParsedUri['resource'] | undefined {
  try {
    return parseUri(uri).resource;
  } catch {
    return undefined;
  }
}

/** The URI template of a URI, which traces show because it contains no name. Returns undefined if there is none. */
export function templateOf(uri: string): string | undefined {
  const resource = findResource(uri);
  return resource && resourceUris[resource];
}

/** The session key in a URI. Returns undefined if there is none, or a malformed one. */
export function sessionKeyIn(uri: string): string | undefined {
  try {
    const { resource, name } = parseUri(uri);
    return name !== undefined && templateVariable(templates[resource]) === 'sessionKey' ? name : undefined;
  } catch {
    return undefined;
  }
}

export const uriTemplate = (resource: TemplateResource): string => templates[resource];
export const uriTemplates: readonly string[] = Object.values(templates);

export const fixedUri = (resource: FixedResource): string => fixedUris[resource];
export const resourceUri = (resource: TemplateResource, name: string): string =>
  templates[resource].replace(/\{\w+\}/, name);

/** The variable of a template. Returns undefined if there is no such template. */
export function templateVariable(template: string): TemplateVariable | undefined {
  if (!uriTemplates.includes(template)) return undefined;
  return template.includes('{sessionKey}') ? 'sessionKey' : 'agentId';
}

/**
 * Parses a URI. Clients that expand a template may percent-encode the name (RFC 6570, section 3.2.2); it is decoded once. A
 * query or fragment counts as part of the name.
 *
 * @throws ResourceNotFoundError if no resource has this URI, or ProtocolError if its session key or agent is malformed
 */
export function parseUri(uri: string): ParsedUri {
  for (const [resource, fixed] of Object.entries(fixedUris) as [FixedResource, string][]) {
    if (uri === fixed) return { resource };
  }
  for (const resource of Object.keys(templates) as TemplateResource[]) {
    const [prefix = '', suffix = ''] = templates[resource].split(/\{\w+\}/);
    if (!uri.startsWith(prefix) || !uri.endsWith(suffix) || uri.length < prefix.length + suffix.length) continue;
    const name = decodeName(uri.slice(prefix.length, uri.length - suffix.length));
    return { resource, name: checkedName(resource, name, uri) };
  }
  const known = [...Object.values(fixedUris), ...uriTemplates].join(', ');
  throw new ResourceNotFoundError(quoteOf(uri), `Resource not found: ${quoteOf(uri)}. There are ${known}.`);
}

/** Decodes a name in a URI. A name that cannot be decoded is returned unchanged; its percent sign makes it malformed. */
export function decodeName(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    return encoded;
  }
}

function checkedName(resource: TemplateResource, name: string, uri: string): string {
  const variable = templateVariable(templates[resource]) ?? 'sessionKey';
  const parsed = variables[variable].safeParse(name);
  if (parsed.success) return name;
  const form = parsed.error.issues.map(({ message }) => message).join('; ');
  const [subject, reason] =
    variable === 'sessionKey' ? ['session key', 'invalid_session_key'] : ['agent', 'invalid_agent'];
  throw new ProtocolError(
    ProtocolErrorCode.InvalidParams,
    `uri: the ${subject} in ${quoteOf(uri)} is malformed. It is ${form}.`,
    { uri: quoteOf(uri), reason },
  );
}
