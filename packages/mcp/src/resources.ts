import {
  ProtocolError,
  ProtocolErrorCode,
  ResourceNotFoundError,
  type CompleteRequestParams,
  type CompleteResult,
  type ListResourcesResult,
  type ReadResourceResult,
  type Resource,
  type ResourceTemplateType,
} from '@modelcontextprotocol/server';
import { ContextStoreError, type Caller, type ContextStore, type Session } from '@org/domain';
import { briefingMarkdown } from './briefing-markdown.js';
import { parseUri, sessionResources, sessionsUri, sessionUri, uriTemplate, type ParsedUri } from './resource-uri.js';
import { reportError, type OnError } from './tool-error.js';

const json = 'application/json';
const markdown = 'text/markdown';

const sessionsResource: Resource = {
  uri: sessionsUri,
  name: 'sessions',
  title: 'Sessions',
  description: 'The sessions of the namespace, newest first.',
  mimeType: json,
};

export const resourceTemplates: ResourceTemplateType[] = [
  {
    uriTemplate: uriTemplate('summary'),
    name: 'summary',
    title: 'Briefing of a session',
    description: 'What to read first when going on with a session.',
    mimeType: markdown,
  },
  {
    uriTemplate: uriTemplate('context'),
    name: 'context',
    title: 'Newest entries of a session',
    description: 'The end of the log, in ascending order.',
    mimeType: json,
  },
];

/** The read-only side of the context store, for people who pick what a model should see. */
export interface Resources {
  readonly list: (cursor: string | undefined, caller: Caller) => Promise<ListResourcesResult>;
  readonly read: (uri: string, caller: Caller) => Promise<ReadResourceResult>;
  readonly complete: (params: CompleteRequestParams, caller: Caller) => Promise<CompleteResult>;
}

/** Every method throws `ProtocolError` alone: a resource has no result that could say what went wrong. */
export function createResources(contextStore: ContextStore, onError: OnError | undefined): Resources {
  const translated = async <T>(uri: string | undefined, result: Promise<T>): Promise<T> => {
    try {
      return await result;
    } catch (error) {
      throw protocolError(uri, error, onError);
    }
  };
  return {
    list: (cursor, caller) => translated(undefined, listResources(contextStore, cursor, caller)),
    read: async (uri, caller) => {
      const parsed = parseUri(uri);
      return { contents: [{ uri, ...(await translated(uri, readContents(contextStore, parsed, caller))) }] };
    },
    complete: async ({ ref, argument }, caller) => {
      requireTemplate(ref);
      const values =
        argument.name === 'sessionKey'
          ? await translated(undefined, contextStore.completeSessionKey(argument.value, caller))
          : [];
      return { completion: { values: [...values] } };
    },
  };
}

async function listResources(
  contextStore: ContextStore,
  cursor: string | undefined,
  caller: Caller,
): Promise<ListResourcesResult> {
  const { sessions, nextCursor } = await contextStore.listSessions({ cursor, limit: 100 }, caller);
  return {
    resources: [...(cursor === undefined ? [sessionsResource] : []), ...sessions.map(summaryResource)],
    ...(nextCursor !== undefined && { nextCursor }),
  };
}

const summaryResource = ({ sessionKey, title, status, owner, lastSequence, lastActivityAt }: Session): Resource => ({
  uri: sessionUri('summary', sessionKey),
  name: sessionKey,
  title: title ?? sessionKey,
  description: `Briefing; ${status}, owner ${owner}, ${lastSequence} entries.`,
  mimeType: markdown,
  annotations: { lastModified: lastActivityAt },
});

async function readContents(
  contextStore: ContextStore,
  parsed: ParsedUri,
  caller: Caller,
): Promise<{ mimeType: string; text: string }> {
  switch (parsed.resource) {
    case 'sessions':
      return { mimeType: json, text: JSON.stringify(await contextStore.listSessions({ limit: 100 }, caller)) };
    case 'context':
      return {
        mimeType: json,
        text: JSON.stringify(await contextStore.getContext({ sessionKey: parsed.sessionKey }, caller)),
      };
    case 'summary': {
      const { briefing } = await contextStore.getBriefing({ sessionKey: parsed.sessionKey }, caller);
      return { mimeType: markdown, text: briefingMarkdown(briefing) };
    }
  }
}

function requireTemplate(ref: CompleteRequestParams['ref']): void {
  const known = sessionResources.map(uriTemplate);
  if (ref.type === 'ref/resource' && known.includes(ref.uri)) return;
  const asked = ref.type === 'ref/resource' ? ref.uri : `prompt ${ref.name}`;
  throw new ProtocolError(
    ProtocolErrorCode.InvalidParams,
    `Nothing to complete for ${asked}. There are ${known.join(', ')}.`,
  );
}

function protocolError(uri: string | undefined, thrown: unknown, onError: OnError | undefined): ProtocolError {
  const error = reportError(thrown, onError);
  if (uri !== undefined && error.code === 'SESSION_NOT_FOUND') return new ResourceNotFoundError(uri, error.message);
  const isCallersFault = thrown instanceof ContextStoreError && !error.retryable && error.code !== 'INTERNAL_ERROR';
  return new ProtocolError(
    isCallersFault ? ProtocolErrorCode.InvalidParams : ProtocolErrorCode.InternalError,
    error.message,
    error,
  );
}
