import { z } from 'zod';
import { ContextStoreError } from '../errors.js';
import { InexactNumber } from '../model/inexact-number.js';
import { agentSchema } from '../model/names.js';
import type { TakeOverPolicy } from '../model/take-over.js';
import type { StoreEvent } from '../ports/event-bus.js';
import type { BusinessEvent } from '../ports/telemetry.js';
import type { Idempotency } from '../ports/store.js';
import type { StoreOperations } from '../ports/store-operations.js';
import { quoteOf } from '../rules/text/cut-text.js';
import { unknownProblem } from '../rules/unknown-problem.js';
import type { SeenAgents } from '../agents/seen-agents.js';
import type { InboxWatch } from '../waiting/inbox-watch.js';

/** The settings of a deployment, with defaults filled in. */
export interface Settings {
  readonly maxContentBytes: number;
  readonly dormantAfterMs: number;
  readonly sessionTtlMs: number | undefined;
  readonly handoffTtlMs: number;
  readonly takeOverAfterMs: number;
  readonly takeOverBy: TakeOverPolicy;
}

/** Finds the project of a caller. Returns undefined if it has none. */
export type FindProject = () => string | undefined | Promise<string | undefined>;

/** What a use case gets for one call. */
export interface UseCaseContext {
  readonly store: StoreOperations;
  readonly settings: Settings;
  readonly namespace: string;
  /**
   * Returns the acting agent. Tools that read without an agent never call it, so they work for unnamed callers.
   * @throws VALIDATION_ERROR, FORBIDDEN: see `resolveAgent`
   */
  readonly agent: () => string;
  /**
   * Finds the caller's project. Tools that do not depend on it never call it, so they do not wait for it. The others await
   * it only if it is a promise: the calls of a client that does not wait for answers then reach the store in their order.
   * @returns undefined if the caller has none
   * @throws VALIDATION_ERROR (the caller's project is malformed)
   */
  readonly project: FindProject;
  /** Undefined if the caller gave no `idempotencyKey`. */
  readonly idempotency: Idempotency | undefined;
  readonly count: (event: BusinessEvent) => void;
  /** Sends an event to waiting calls. Called after the store has acknowledged the change. */
  readonly publish: (event: StoreEvent) => void;
  readonly inboxWatch: InboxWatch;
  /** See `SeenAgents.hintFor`. */
  readonly hintFor: SeenAgents['hintFor'];
  /** See `Caller.process`. */
  readonly process: string | undefined;
  /** See `Caller.signal`. */
  readonly signal: AbortSignal | undefined;
  /** See `Caller.stopping`. */
  readonly stopping: AbortSignal | undefined;
}

/** One operation that callers can request. Its file, the façade's method and the MCP tool have its name. */
export interface UseCase<Input extends z.ZodObject, Result extends z.ZodObject> {
  readonly name: string;
  readonly input: Input;
  readonly result: Result;
  readonly run: (context: UseCaseContext, input: z.output<Input>) => Promise<z.output<Result>>;
}

/** Infers the types of a use case from its schemas. */
export const defineUseCase = <Input extends z.ZodObject, Result extends z.ZodObject>(
  useCase: UseCase<Input, Result>,
): UseCase<Input, Result> => useCase;

/** Arguments of every tool. */
export const callerArguments = { agent: agentSchema.optional() };

/** Arguments of every tool that changes something. */
export const mutationArguments = {
  ...callerArguments,
  idempotencyKey: z
    .string()
    .regex(/^[\x21-\x7e]{1,128}$/, '1 to 128 printable ASCII characters without spaces')
    .optional(),
};

/** Arguments of every tool that writes to a session. The call is refused if ownership has moved since this epoch. */
export const fenceArguments = { epoch: z.int().min(1).optional() };

/** The most problems that a message describes; it counts the rest, so that it is never much longer than the input. */
const maxDescribed = 10;

/** No argument takes a longer list. Checked before zod, which would describe every item first. */
const maxListItems = 100;

interface ArgumentIssue {
  readonly path: string;
  readonly message: string;
}

/** What an input is, in messages. */
export type InputSubject = 'arguments' | 'options';

/** Returns the checked input. @throws VALIDATION_ERROR (names the wrong fields, and what they should be) */
export function parseInput<Input extends z.ZodObject>(
  schema: Input,
  input: unknown,
  subject: InputSubject = 'arguments',
): z.output<Input> {
  const overlong = overlongLists(input);
  if (overlong.length > 0) throw refusal(subject, overlong, overlong.length);
  const inexact = inexactNumbers(input);
  if (inexact.length > 0) throw refusal(subject, inexact, inexact.length);
  // Clients send null for arguments of a tool that needs none.
  const parsed = schema.safeParse(subject === 'arguments' ? (input ?? {}) : input);
  const lost = lostKeys(input);
  if (parsed.success && lost.length === 0) return parsed.data;
  const found = parsed.error?.issues ?? [];
  const described = found.slice(0, maxDescribed).map((issue) => describeIssue(issue, schema, subject));
  throw refusal(subject, [...described, ...lost], found.length + lost.length);
}

function refusal(subject: InputSubject, described: readonly ArgumentIssue[], count: number): ContextStoreError {
  const issues = described.slice(0, maxDescribed);
  const named = issues.map(({ path, message }) => `${path}: ${message}`).join('; ');
  const more = count - issues.length;
  return new ContextStoreError(
    'VALIDATION_ERROR',
    `${named}${more > 0 ? `; and ${more} more problems` : ''}. Correct the ${subject} and call again.`,
    { issues },
  );
}

const overlongLists = (input: unknown): ArgumentIssue[] =>
  Object.entries(input ?? {})
    .filter(([, value]) => Array.isArray(value) && value.length > maxListItems)
    .map(([path]) => ({ path: quoteOf(path), message: `has more than ${maxListItems} items; send fewer` }));

/** Finds inexact numbers among the arguments. The schemas find those inside of objects. */
const inexactNumbers = (input: unknown): ArgumentIssue[] =>
  Object.entries(input ?? {}).flatMap(([path, value]) =>
    value instanceof InexactNumber ? [{ path: quoteOf(path), message: `is ${value.problem}` }] : [],
  );

/** Finds keys that zod silently drops from records: what callers record must not get lost. */
const lostKeys = (input: unknown): ArgumentIssue[] =>
  Object.entries(input ?? {})
    .filter(([, value]) => typeof value === 'object' && value !== null && Object.hasOwn(value, '__proto__'))
    .map(([path]) => ({
      path: quoteOf(path),
      message: 'has a key named __proto__, which cannot be stored; rename it',
    }));

function describeIssue(issue: z.core.$ZodIssue, schema: z.ZodObject, subject: InputSubject): ArgumentIssue {
  const path = issue.path.map(String).join('.');
  if (issue.code === 'unrecognized_keys') {
    const more = issue.keys.length - maxDescribed;
    const unknown = `${issue.keys.slice(0, maxDescribed).map(quoteOf).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
    return {
      path: path === '' ? unknown : `${path}.${unknown}`,
      message: unknownProblem(issue.keys.slice(0, maxDescribed), knownKeys(schema, issue.path)),
    };
  }
  if (issue.code === 'invalid_type' && issue.message.endsWith('received undefined')) {
    return { path, message: `missing; a ${issue.expected} is needed` };
  }
  return { path: path === '' ? subject : path, message: issue.message };
}

/** Returns the keys of the object at a path. */
function knownKeys(schema: z.ZodObject, path: readonly PropertyKey[]): string[] {
  let at: unknown = schema;
  for (const name of path) {
    const field: unknown = at instanceof z.ZodObject ? (at.shape as Record<PropertyKey, unknown>)[name] : undefined;
    at = field instanceof z.ZodOptional ? field.unwrap() : field;
  }
  return at instanceof z.ZodObject ? Object.keys(at.shape) : [];
}
