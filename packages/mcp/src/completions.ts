import type { CompleteRequestParams, CompleteResult } from '@modelcontextprotocol/server';
import { allProjects, limits, quoteOf, requestTypes, type Caller, type ContextStore } from '@org/domain';
import { promptArguments } from './prompts/prompts.js';
import { invalidParams, withProtocolErrors } from './errors/protocol-error.js';
import { decodeName, templateVariable, uriTemplates } from './resources/resource-uri.js';
import type { OnError } from './errors/report-error.js';
import { findActingAgent } from './find-acting-agent.js';

/** The protocol's maximum for one answer. */
const maxValues = 100;
/**
 * The newest records of all projects, which are searched for names. They are not part of the answer, so the budget is at its
 * maximum.
 */
const newest = { limit: 100, maxTokens: limits.maxTokens, project: allProjects };

/** Answers `completion/complete`. @throws ProtocolError only */
export type Complete = (params: CompleteRequestParams, caller: Caller) => Promise<CompleteResult>;

export function createCompleter(contextStore: ContextStore, onError: OnError | undefined): Complete {
  return async ({ ref, argument: { name, value } }, caller) => {
    if (!argumentsOf(ref).includes(name)) return { completion: { values: [] } };
    // A value in a URI may be percent-encoded already.
    const prefix = ref.type === 'ref/resource' ? decodeName(value) : value;
    const found = await withProtocolErrors(valuesFor(contextStore, name, prefix, caller), caller, onError);
    return { completion: { values: found.slice(0, maxValues) } };
  };
}

/** The names of the arguments of a prompt or template. @throws ProtocolError if it does not exist */
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

/** The owners and participants of the newest sessions. */
async function knownAgents(contextStore: ContextStore, caller: Caller): Promise<string[]> {
  const { sessions } = await contextStore.listSessions(newest, caller);
  return sessions.flatMap(({ owner, participants }) => [owner, ...participants]);
}

/** The agents and roles that the caller made offers to. Empty if the caller is not a known agent. */
async function addressedBefore(contextStore: ContextStore, caller: Caller): Promise<string[]> {
  if (findActingAgent(contextStore, caller) === undefined) return [];
  const { handoffs } = await contextStore.listHandoffs({ direction: 'outbox', ...newest }, caller);
  return handoffs.flatMap(({ targetAgent }) => targetAgent ?? []);
}
