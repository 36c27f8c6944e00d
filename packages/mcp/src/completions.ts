import type { CompleteRequestParams, CompleteResult } from '@modelcontextprotocol/server';
import { allProjects, limits, quoteOf, offerTypes, type RequestCaller, type ContextStore } from '@org/domain';
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
export type Complete = (params: CompleteRequestParams, caller: RequestCaller) => Promise<CompleteResult>;

export function createCompleter(contextStore: ContextStore, onError: OnError | undefined): Complete {
  return async ({ ref, argument: { name, value } }, caller) => {
    if (!argumentsOf(ref).includes(name)) return { completion: { values: [] } };
    // A value in a URI may be percent-encoded already.
    const prefix = ref.type === 'ref/resource' ? decodeName(value) : value;
    const found = await withProtocolErrors(valuesFor(contextStore.as(caller), name, prefix), caller, onError);
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

async function valuesFor(view: ContextStore, argument: string, prefix: string): Promise<readonly string[]> {
  const startsWith = (candidates: Iterable<string>): string[] =>
    [...new Set(candidates)].filter((candidate) => candidate.startsWith(prefix)).toSorted();
  switch (argument) {
    case 'sessionKey':
      return view.completeSessionKey(prefix);
    case 'agentId':
      return startsWith(await knownAgents(view));
    case 'targetAgent':
      return startsWith([...(await knownAgents(view)), ...(await addressedBefore(view))]);
    case 'requestType':
      return startsWith(offerTypes);
    default:
      return [];
  }
}

/** The owners and participants of the newest sessions. */
async function knownAgents(view: ContextStore): Promise<string[]> {
  const { sessions } = await view.listSessions(newest);
  return sessions.flatMap(({ owner, participants }) => [owner, ...participants]);
}

/** The agents and roles that the caller made offers to. Empty if the caller is not a known agent. */
async function addressedBefore(view: ContextStore): Promise<string[]> {
  if (findActingAgent(view) === undefined) return [];
  const { handoffs } = await view.listHandoffs({ direction: 'outbox', ...newest });
  return handoffs.flatMap(({ targetAgent }) => targetAgent ?? []);
}
