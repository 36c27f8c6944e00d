import type { GetPromptResult, Prompt } from '@modelcontextprotocol/server';
import {
  quoteOf,
  offerTypes,
  sessionKeySchema,
  targetAgentSchema,
  unknownProblem,
  type RequestCaller,
  type ContextStore,
} from '@org/domain';
import { z } from 'zod';
import { findWorkingSession } from './find-working-session.js';
import { checkpointText, handoffText, resumeText } from './prompt-texts.js';
import { invalidParams, withProtocolErrors } from '../errors/protocol-error.js';
import type { OnError } from '../errors/report-error.js';
import type { LastSession } from '../tools/last-session.js';

interface PromptDefinition<Arguments extends z.ZodObject> {
  readonly title: string;
  /** Clients show it to users who choose a prompt. */
  readonly description: string;
  readonly arguments: Arguments;
  /** True if the prompt is about the session that the caller works on, unless it names another one. */
  readonly hasDefaultSession: boolean;
  readonly text: (given: z.output<Arguments>) => string;
}

const definePrompt = <Arguments extends z.ZodObject>(
  prompt: PromptDefinition<Arguments>,
): PromptDefinition<Arguments> => prompt;

const sessionKey = sessionKeySchema.describe('Default: the session you work on.');

const definitions = {
  handoff: definePrompt({
    title: 'Hand a session over',
    description: 'Writes down what a successor needs, and offers the session.',
    arguments: z.strictObject({
      sessionKey,
      targetAgent: targetAgentSchema.optional().describe('An agent or role:NAME. Default: anyone.'),
      requestType: z.enum(offerTypes).default('full_handoff').describe('Default: full_handoff.'),
    }),
    hasDefaultSession: true,
    text: handoffText,
  }),
  resume: definePrompt({
    title: 'Continue a session',
    description: 'Accepts an offered session, or continues your own, and reports its state.',
    arguments: z.strictObject({ sessionKey: sessionKey.optional().describe('Default: choose from the inbox.') }),
    hasDefaultSession: false,
    text: resumeText,
  }),
  checkpoint: definePrompt({
    title: 'Record the state of a session',
    description: 'Pins what matters now, so that it survives compaction.',
    arguments: z.strictObject({ sessionKey }),
    hasDefaultSession: true,
    text: checkpointText,
  }),
} as const;

type PromptName = keyof typeof definitions;
const promptNames = Object.keys(definitions) as PromptName[];
const isPromptName = (name: string): name is PromptName => Object.hasOwn(definitions, name);

/** The answer to `prompts/list`, the same for every client. */
export const prompts: readonly Prompt[] = promptNames.map((name) => {
  const { title, description, arguments: schema, hasDefaultSession } = definitions[name];
  const shape: Record<string, z.ZodType> = schema.shape;
  const described = Object.entries(shape).map(([argument, field]) => ({
    name: argument,
    description: field.description ?? '',
    required: !(hasDefaultSession && argument === 'sessionKey') && !field.safeParse(undefined).success,
  }));
  return { name, title, description, arguments: described };
});

/** The names of a prompt's arguments. @throws ProtocolError for a prompt that does not exist */
export function promptArguments(name: string): readonly string[] {
  return Object.keys(definitionOf(name).arguments.shape);
}

/**
 * Answers `prompts/get`.
 *
 * @throws ProtocolError if the prompt or session is unknown, an argument is unknown or malformed, or no session is named
 *   and there is none that the caller works on
 */
export type GetPrompt = (
  name: string,
  given: PromptArguments | undefined,
  caller: RequestCaller,
) => Promise<GetPromptResult>;
export type PromptArguments = Readonly<Record<string, string | null>>;

export interface PromptGetterOptions {
  readonly contextStore: ContextStore;
  readonly onError?: OnError | undefined;
  /** Default: the session that this process works on is not known. */
  readonly lastSession?: Pick<LastSession, 'recall'> | undefined;
}

export function createPromptGetter({ contextStore, onError, lastSession }: PromptGetterOptions): GetPrompt {
  const withSession = async (
    given: Record<string, unknown>,
    caller: RequestCaller,
  ): Promise<Record<string, unknown>> => {
    const found = findWorkingSession(contextStore.as(caller), lastSession?.recall());
    return { ...given, sessionKey: await withProtocolErrors(found, caller, onError) };
  };
  return async (name, blankOrGiven = {}, caller) => {
    const { arguments: schema, hasDefaultSession, text, description } = definitionOf(name);
    const given = withoutBlanks(blankOrGiven);
    const isSessionMissing = hasDefaultSession && given['sessionKey'] === undefined;
    const parsed = schema.safeParse(isSessionMissing ? await withSession(given, caller) : given);
    if (!parsed.success) throw badArguments(name, parsed.error);
    const { sessionKey: key } = parsed.data as { sessionKey?: string };
    // A user who misspelt the key should see an error now: a model would register an empty session.
    if (key !== undefined) await withProtocolErrors(contextStore.as(caller).readSession(key), caller, onError);
    return { description, messages: [{ role: 'user', content: { type: 'text', text: text(parsed.data) } }] };
  };
}

/** Clients show a form for the arguments of a prompt, and send empty fields too. */
const withoutBlanks = (given: PromptArguments): PromptArguments =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null && value.trim() !== ''));

function definitionOf(name: string): PromptDefinition<z.ZodObject> {
  // Each text takes the arguments of its prompt's schema; TypeScript cannot match them for a union of prompts.
  if (isPromptName(name)) return definitions[name];
  throw invalidParams(`Unknown prompt: ${quoteOf(name)}. There are ${promptNames.join(', ')}.`);
}

function badArguments(name: string, { issues }: z.ZodError): Error {
  const problems = issues.map((issue) =>
    issue.code === 'unrecognized_keys'
      ? `${quoteOf(issue.keys.join(', '))}: ${unknownProblem(issue.keys, promptArguments(name))}`
      : `${issue.path.join('.')}: ${issue.message.endsWith('received undefined') ? 'missing' : issue.message}`,
  );
  return invalidParams(`Prompt ${name}: ${problems.join('; ')}.`);
}
