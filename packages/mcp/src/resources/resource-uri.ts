import { ProtocolError, ProtocolErrorCode, ResourceNotFoundError } from '@modelcontextprotocol/server';
import { agentSchema, quoteOf, sessionKeySchema } from '@org/domain';

/** Resources without a variable. */
const fixedUris = { sessions: 'handoff://sessions', stats: 'handoff://stats' } as const;

/** Resources of one session or agent, in the order in which they are listed. Where two match, the first one counts. */
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

/** What a URI names. `name`: the session key, or the agent. */
export type ParsedUri =
  | { readonly resource: FixedResource; readonly name?: undefined }
  | { readonly resource: TemplateResource; readonly name: string };

/** The URI, or its template, of each resource. */
export const resourceUris: { readonly [Resource in FixedResource | TemplateResource]: string } = {
  ...fixedUris,
  ...templates,
};

/** What may be told of a URI without the name in it. Undefined: it names no resource. */
export function templateOf(uri: string): string | undefined {
  try {
    return resourceUris[parseUri(uri).resource];
  } catch {
    return undefined;
  }
}

export const uriTemplate = (resource: TemplateResource): string => templates[resource];
export const uriTemplates: readonly string[] = Object.values(templates);

export const fixedUri = (resource: FixedResource): string => fixedUris[resource];
export const resourceUri = (resource: TemplateResource, name: string): string =>
  templates[resource].replace(/\{\w+\}/, name);

/** The variable of a template; undefined when there is no such template. */
export function templateVariable(template: string): TemplateVariable | undefined {
  if (!uriTemplates.includes(template)) return undefined;
  return template.includes('{sessionKey}') ? 'sessionKey' : 'agentId';
}

/**
 * A name may be percent-encoded, as clients do that fill in a template (RFC 6570, section 3.2.2): it is decoded once. A query or
 * fragment is part of a name that does not exist.
 * @throws ResourceNotFoundError, ProtocolError (the session key or agent is malformed)
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

/** A name as it stands in a URI. No name has a percent sign: one that cannot be decoded stays as it is, and is refused. */
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
