import type { CompleteRequestParams, CompleteResult } from '@modelcontextprotocol/server';
import { limits, quoteOf, requestTypes, type Caller, type ContextStore } from '@org/domain';
import { promptArguments } from './prompts/prompts.js';
import { invalidParams, withProtocolErrors } from './errors/protocol-error.js';
import { decodeName, templateVariable, uriTemplates } from './resources/resource-uri.js';
import type { OnError } from './errors/report-error.js';

/** The most that an answer may hold, by the protocol. */
const maxValues = 100;
/** Looked through for names; what is read of it is no answer, and needs no budget. */
const newest = { limit: 100, maxTokens: limits.maxTokens };

/** Answers `completion/complete`. @throws ProtocolError alone */
export type Complete = (params: CompleteRequestParams, caller: Caller) => Promise<CompleteResult>;

export function createCompleter(contextStore: ContextStore, onError: OnError | undefined): Complete {
  return async ({ ref, argument: { name, value } }, caller) => {
    if (!argumentsOf(ref).includes(name)) return { completion: { values: [] } };
    // What is typed into a URI may be encoded already.
    const prefix = ref.type === 'ref/resource' ? decodeName(value) : value;
    const found = await withProtocolErrors(valuesFor(contextStore, name, prefix, caller), caller, onError);
    return { completion: { values: found.slice(0, maxValues) } };
  };
}

/** @throws ProtocolError for a template or prompt that does not exist */
function argumentsOf(ref: CompleteRequestParams['ref']): readonly string[] {
  if (ref.type === 'ref/prompt') return promptArguments(ref.name);
  const variable = templateVariable(ref.uri);
  if (variable !== undefined) return [variable];
  throw invalidParams(`Nothing to complete for ${quoteOf(ref.uri)}. There are ${uriTemplates.join(', ')}.`);
}

async function valuesFor(
  contextStore: ContextStore,
  argument: string,
  prefix: string,
  caller: Caller,
): Promise<readonly string[]> {
  const startsWith = (candidates: Iterable<string>): string[] =>
    [...new Set(candidates)].filter((candidate) => candidate.startsWith(prefix)).toSorted();
  switch (argument) {
    case 'sessionKey':
      return contextStore.completeSessionKey(prefix, caller);
    case 'agentId':
      return startsWith(await knownAgents(contextStore, caller));
    case 'targetAgent':
      return startsWith([
        ...(await knownAgents(contextStore, caller)),
        ...(await addressedBefore(contextStore, caller)),
      ]);
    case 'requestType':
      return startsWith(requestTypes);
    default:
      return [];
  }
}

/** Who owns or takes part in the newest sessions. */
async function knownAgents(contextStore: ContextStore, caller: Caller): Promise<string[]> {
  const { sessions } = await contextStore.listSessions(newest, caller);
  return sessions.flatMap(({ owner, participants }) => [owner, ...participants]);
}

/** Whom the caller made offers to, roles among them; nobody when it is not known who calls. */
async function addressedBefore(contextStore: ContextStore, caller: Caller): Promise<string[]> {
  try {
    contextStore.actingAgent(undefined, caller);
  } catch {
    return [];
  }
  const { handoffs } = await contextStore.listHandoffs({ direction: 'outbox', ...newest }, caller);
  return handoffs.flatMap(({ targetAgent }) => targetAgent ?? []);
}
