import { z } from 'zod';
import { ContextStoreError } from '../errors.js';
import { InexactNumber } from '../model/inexact-number.js';
import { agentSchema } from '../model/names.js';
import type { StoreEvent } from '../ports/event-bus.js';
import type { BusinessEvent } from '../ports/telemetry.js';
import type { Idempotency } from '../ports/store.js';
import type { StoreOperations } from '../ports/store-operations.js';
import { quoteOf } from '../rules/text/cut-text.js';
import { unknownProblem } from '../rules/unknown-problem.js';
import type { InboxWatch } from '../waiting/inbox-watch.js';

/** What a deployment may set, with every default filled in. */
export interface Settings {
  readonly maxContentBytes: number;
  readonly dormantAfterMs: number;
  readonly sessionTtlMs: number | undefined;
  readonly handoffTtlMs: number;
}

/** What a use case works with during one call. */
export interface UseCaseContext {
  readonly store: StoreOperations;
  readonly settings: Settings;
  readonly namespace: string;
  /** @throws VALIDATION_ERROR, FORBIDDEN: see `resolveAgent`. Reading tools that don't act on someone's behalf never ask. */
  readonly agent: () => string;
  /** Present when the caller gave an `idempotencyKey`. */
  readonly idempotency: Idempotency | undefined;
  readonly count: (event: BusinessEvent) => void;
  /** Tells whoever waits. After the store has acknowledged. */
  readonly publish: (event: StoreEvent) => void;
  readonly inboxWatch: InboxWatch;
  /** See `Caller.process`. */
  readonly process: string | undefined;
  /** Ends the call's waiting: nobody needs the answer any more. */
  readonly signal: AbortSignal | undefined;
  /** See `Caller.stopping`. */
  readonly stopping: AbortSignal | undefined;
}

/** One thing that a caller can ask for. The façade's method, the MCP tool and this file share the name. */
export interface UseCase<Input extends z.ZodObject, Result extends z.ZodObject> {
  readonly name: string;
  readonly input: Input;
  readonly result: Result;
  readonly run: (context: UseCaseContext, input: z.output<Input>) => Promise<z.output<Result>>;
}

/** Ties the types of one use case together. */
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

/** Arguments of every tool that acts on a session's ownership: refused if ownership has moved since this epoch. */
export const fenceArguments = { epoch: z.int().min(1).optional() };

/** An answer must not be many times as long as what it is about: of more, the rest is counted. */
const mostNamed = 10;

/** No argument takes a longer list. Of one, zod would describe every item before it counts them. */
const longestList = 100;

interface ArgumentIssue {
  readonly path: string;
  readonly message: string;
}

/** @throws VALIDATION_ERROR naming the fields that are wrong, and what they should be */
export function parseInput<Input extends z.ZodObject>(schema: Input, input: unknown): z.output<Input> {
  const overlong = overlongLists(input);
  if (overlong.length > 0) throw refusal(overlong, overlong.length);
  const inexact = inexactNumbers(input);
  if (inexact.length > 0) throw refusal(inexact, inexact.length);
  const parsed = schema.safeParse(input ?? {});
  const lost = lostKeys(input);
  if (parsed.success && lost.length === 0) return parsed.data;
  const found = parsed.error?.issues ?? [];
  const described = found.slice(0, mostNamed).map((issue) => describeIssue(issue, schema));
  throw refusal([...described, ...lost], found.length + lost.length);
}

function refusal(described: readonly ArgumentIssue[], count: number): ContextStoreError {
  const issues = described.slice(0, mostNamed);
  const named = issues.map(({ path, message }) => `${path}: ${message}`).join('; ');
  const more = count - issues.length;
  return new ContextStoreError(
    'VALIDATION_ERROR',
    `${named}${more > 0 ? `; and ${more} more problems` : ''}. Correct the arguments and call again.`,
    { issues },
  );
}

const overlongLists = (input: unknown): ArgumentIssue[] =>
  Object.entries(input ?? {})
    .filter(([, value]) => Array.isArray(value) && value.length > longestList)
    .map(([path]) => ({ path: quoteOf(path), message: `has more than ${longestList} items; send fewer` }));

/** Those inside an object are found where the object is checked. */
const inexactNumbers = (input: unknown): ArgumentIssue[] =>
  Object.entries(input ?? {}).flatMap(([path, value]) =>
    value instanceof InexactNumber ? [{ path: quoteOf(path), message: `is ${value.problem}` }] : [],
  );

/** zod drops this key of a record without a word, and what a caller recorded must not go missing. */
const lostKeys = (input: unknown): ArgumentIssue[] =>
  Object.entries(input ?? {})
    .filter(([, value]) => typeof value === 'object' && value !== null && Object.hasOwn(value, '__proto__'))
    .map(([path]) => ({
      path: quoteOf(path),
      message: 'has a key named __proto__, which cannot be stored; rename it',
    }));

function describeIssue(issue: z.core.$ZodIssue, schema: z.ZodObject): ArgumentIssue {
  const path = issue.path.map(String).join('.');
  if (issue.code === 'unrecognized_keys') {
    const more = issue.keys.length - mostNamed;
    const unknown = `${issue.keys.slice(0, mostNamed).map(quoteOf).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
    return {
      path: path === '' ? unknown : `${path}.${unknown}`,
      message: unknownProblem(issue.keys.slice(0, mostNamed), Object.keys(schema.shape)),
    };
  }
  if (issue.code === 'invalid_type' && issue.message.endsWith('received undefined')) {
    return { path, message: `missing; a ${issue.expected} is needed` };
  }
  return { path: path === '' ? 'arguments' : path, message: issue.message };
}
