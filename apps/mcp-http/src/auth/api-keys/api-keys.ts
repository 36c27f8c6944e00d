import { hash as digest, randomBytes, timingSafeEqual } from 'node:crypto';
import { agentSchema, namespaceSchema } from '@org/domain';
import { scopes, type Scope } from '@org/mcp';
import { z } from 'zod';
import type { Principal } from '../principal.js';
import { CredentialError } from '../credential-error.js';

const idForm = '1 to 64 letters, digits, underscores or hyphens, beginning with a letter or digit';
const scopeNames = Object.keys(scopes) as Scope[];

export const apiKeyIdSchema: z.ZodString = z.string().regex(/^[A-Za-z0-9][\w-]{0,63}$/, idForm);
export const scopeSchema: z.ZodType<Scope> = z.enum(scopeNames, `one of ${scopeNames.join(', ')}`);

const entrySchema = z.strictObject({
  /** Names the key in the log and in limits. */
  id: apiKeyIdSchema,
  hash: z.string().regex(/^sha256:[0-9a-f]{64}$/, 'sha256: and 64 hexadecimal digits'),
  namespace: namespaceSchema,
  /** The only agent that the key's holder may act as. Undefined if each call names its agent. */
  agent: agentSchema.optional(),
  scopes: z.array(scopeSchema).min(1),
  /** A time with an offset from UTC, or Z. */
  expiresAt: z.iso.datetime({ offset: true }).optional(),
});

/** One line of the file: everything about an API key but the key. */
export type ApiKeyEntry = z.output<typeof entrySchema>;
export type ApiKeys = ReadonlyMap<string, ApiKeyEntry>;

const keyPattern = /^csk_([A-Za-z0-9][\w-]{0,63})\.[\w-]{43}$/;

/** Creates a key. It contains its id, so that a leaked key shows which one to revoke. */
export const newApiKey = (id: string): string => `csk_${id}.${randomBytes(32).toString('base64url')}`;

/** A JWT never begins like this: its first letter is e. */
export const isApiKey = (credential: string): boolean => credential.startsWith('csk_');

/** The id in a key, which is no secret. Returns undefined if the key is malformed: any part of it may be a secret then. */
export const apiKeyIdOf = (key: string): string | undefined => keyPattern.exec(key)?.[1];

/** A fast hash is enough for 256 random bits, which cannot be guessed. A slow one, as for passwords, would slow each call. */
export const hashApiKey = (key: string): string => `sha256:${digest('sha256', key)}`;

/** Parses a file with one JSON object per line. @throws Error that names the first invalid line, but not its content */
export function parseApiKeys(text: string): ApiKeys {
  const keys = new Map<string, ApiKeyEntry>();
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const refuse = (problem: string): Error => new Error(`line ${index + 1}: ${problem}`);
    const entry = entrySchema.safeParse(parseJson(line));
    if (!entry.success) {
      const [{ path, message } = { path: [], message: '' }] = entry.error.issues;
      throw refuse(path.length === 0 ? message : `${path.join('.')}: ${message}`);
    }
    if (keys.has(entry.data.id)) throw refuse(`the id ${entry.data.id} is taken`);
    keys.set(entry.data.id, entry.data);
  }
  return keys;
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** A subscription ends after this time and must be opened again, so it outlives a removed key by no more. */
const recheckSeconds = 300;

/** @throws CredentialError */
export function apiKeyPrincipal(keys: ApiKeys, key: string): Principal {
  const id = apiKeyIdOf(key);
  if (id === undefined) throw new CredentialError(401, 'the API key is malformed');
  const entry = keys.get(id);
  if (entry === undefined) throw new CredentialError(401, 'no API key has this id');
  const hashes = [hashApiKey(key), entry.hash].map((hash) => Buffer.from(hash)) as [Buffer, Buffer];
  if (!timingSafeEqual(...hashes)) throw new CredentialError(401, `not the API key ${id}`);
  const now = Date.now() / 1000;
  const expiresAt = entry.expiresAt === undefined ? Infinity : Date.parse(entry.expiresAt) / 1000;
  if (expiresAt <= now) throw new CredentialError(401, `the API key ${id} has expired`);
  const { namespace, agent, scopes: granted } = entry;
  return { id: `key:${id}`, namespace, agent, scopes: granted, expiresAt: Math.min(expiresAt, now + recheckSeconds) };
}
