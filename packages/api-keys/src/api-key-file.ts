import { readFileSync } from 'node:fs';
import { agentSchema, namespaceSchema, scopes, type Scope } from '@org/domain';
import { z } from 'zod';
import { ApiKeysError } from './api-keys-error.js';

const idForm = '1 to 64 letters, digits, underscores or hyphens, beginning with a letter or digit';
const scopeNames = Object.keys(scopes) as Scope[];

const hashSchema = z.string().regex(/^sha256:[0-9a-f]{64}$/, 'sha256: and 64 hexadecimal digits');
/** A time with an offset from UTC, or Z. */
const timeSchema = z.iso.datetime({ offset: true });

const entrySchema = z.strictObject({
  /** Names the key in the log and in limits. */
  id: z.string().regex(/^[A-Za-z0-9][\w-]{0,63}$/, idForm),
  hash: hashSchema,
  namespace: namespaceSchema,
  /** The only agent that the key's holder may act as. Undefined if each call names its agent. */
  agent: agentSchema.optional(),
  scopes: z.array(z.enum(scopeNames, `one of ${scopeNames.join(', ')}`)).min(1, 'name one at least'),
  /** Undefined if the line was written by hand, or by a release that did not note it. */
  createdAt: timeSchema.optional(),
  expiresAt: timeSchema.optional(),
  /** The earlier secrets that a rotation left valid for a time. */
  previous: z
    .array(z.strictObject({ hash: hashSchema, expiresAt: timeSchema }))
    .min(1)
    .optional(),
  /** When the key was revoked. The line stays, so that the id is not given again. */
  revokedAt: timeSchema.optional(),
});

/** One line of the file: everything about an API key but the key. Times are ISO 8601 with Z or an offset. */
export type ApiKeyEntry = z.output<typeof entrySchema>;

/** The keys of a file by their ids, in the order of the file. */
export type ApiKeys = ReadonlyMap<string, ApiKeyEntry>;

/** Parses a file with one JSON object per line. @throws ApiKeysError FILE_INVALID (names the first wrong line) */
export function parseApiKeys(text: string): ApiKeys {
  const keys = new Map<string, ApiKeyEntry>();
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const refuse = (problem: string): Error => new ApiKeysError('FILE_INVALID', `line ${index + 1}: ${problem}`);
    const entry = entrySchema.safeParse(parseJson(line));
    if (!entry.success) throw refuse(describeIssue(entry.error));
    if (keys.has(entry.data.id)) throw refuse(`the id ${entry.data.id} is taken`);
    keys.set(entry.data.id, entry.data);
  }
  return keys;
}

/** Reads a file of keys. @throws ApiKeysError FILE_UNUSABLE, FILE_INVALID */
export function readApiKeys(path: string): ApiKeys {
  return parseApiKeys(readText(path));
}

/** Checks the values of a new line. @throws ApiKeysError INVALID (names the first wrong value) */
export function requireEntry(entry: Readonly<Record<keyof ApiKeyEntry, unknown>>): ApiKeyEntry {
  const parsed = entrySchema.safeParse(entry);
  if (parsed.success) return parsed.data;
  throw new ApiKeysError('INVALID', describeIssue(parsed.error));
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new ApiKeysError('FILE_UNUSABLE', (error as Error).message, { cause: error });
  }
}

function describeIssue({ issues }: z.ZodError): string {
  const [issue] = issues;
  if (issue === undefined) return 'not valid';
  const path = issue.path.join('.');
  if (issue.code === 'unrecognized_keys')
    return `a field that this release does not know. Upgrade, or take the field out.`;
  if (path === '') return 'not a JSON object; comments cannot be kept in this file';
  return `${path}: ${issue.message}`;
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
