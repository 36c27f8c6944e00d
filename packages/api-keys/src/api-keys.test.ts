import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { apiKeyPrincipal, hashApiKey, newApiKey, parseApiKeys } from './api-keys.js';
import { createApiKey } from './create-api-key.js';

const key = newApiKey('reader');
const entry = { id: 'reader', hash: hashApiKey(key), namespace: 'acme', scopes: ['context:read'] };
const lineWith = (changes: object): string => JSON.stringify({ ...entry, ...changes });

describe('the file of API keys', () => {
  it('has one key per line, and may have empty lines', () => {
    const keys = parseApiKeys(`\n${lineWith({})}\r\n\n${lineWith({ id: 'other', agent: 'planner' })}`);
    expect([...keys.keys()]).toEqual(['reader', 'other']);
    expect(parseApiKeys('').size).toBe(0);
  });

  it.each([
    ['half a line', lineWith({}).slice(0, -1), 'line 1: '],
    ['the same id twice', `${lineWith({})}\n${lineWith({})}`, 'line 2: the id reader is taken'],
    ['an unknown field', lineWith({ secret: 'hunter2' }), 'line 1: '],
    ['an unknown scope', lineWith({ scopes: ['context:read', 'all'] }), 'line 1: scopes.1: one of context:read, '],
    ['no scope', lineWith({ scopes: [] }), 'line 1: scopes: '],
    ['no namespace', lineWith({ namespace: undefined }), 'line 1: namespace: '],
    ['a namespace that is none', lineWith({ namespace: 'a b' }), 'line 1: namespace: '],
    ['an agent that is none', lineWith({ agent: 'role:x' }), 'line 1: agent: '],
    ['a key instead of its hash', lineWith({ hash: key }), 'line 1: hash: '],
    ['a date without a time', lineWith({ expiresAt: '2027-01-01' }), 'line 1: expiresAt: '],
    ['a time without an offset', lineWith({ expiresAt: '2027-01-01T00:00:00' }), 'line 1: expiresAt: '],
    ['an id that is none', lineWith({ id: 'a.b' }), 'line 1: id: '],
  ])('is refused with %s, by a message that names the line but not its content', (_case, text, problem) => {
    expect(() => parseApiKeys(text)).toThrow(problem);
    expect(() => parseApiKeys(text)).not.toThrow(/hunter2|csk_|a b|role:x/);
  });
});

describe('a principal', () => {
  const nowSeconds = Date.now() / 1000;
  const principalOf = (changes: object): unknown => apiKeyPrincipal(parseApiKeys(lineWith(changes)), key);

  it('has the values of its line', () => {
    expect(principalOf({ agent: 'planner' })).toMatchObject({
      id: 'key:reader',
      namespace: 'acme',
      agent: 'planner',
      scopes: ['context:read'],
    });
  });

  it('expires after five minutes, or when the key does', () => {
    const { expiresAt } = principalOf({}) as { expiresAt: number };
    expect(expiresAt - nowSeconds).toBeGreaterThan(290);
    expect(expiresAt - nowSeconds).toBeLessThan(400);
    const soon = new Date(Date.now() + 60_000).toISOString();
    expect(principalOf({ expiresAt: soon })).toMatchObject({ expiresAt: Date.parse(soon) / 1000 });
    expect(() => principalOf({ expiresAt: '2026-01-01T00:00:00+02:00' })).toThrow('the API key reader has expired');
  });
});

describe('createApiKey', () => {
  const folder = mkdtempSync(join(tmpdir(), 'api-keys-'));
  const path = join(folder, 'keys.jsonl');
  afterAll(() => rmSync(folder, { recursive: true }));
  const environment = { API_KEYS_FILE: path, CONTEXT_NAMESPACE: 'acme', CONTEXT_AGENT: undefined };

  it('adds a line, even if the last line of the file has no line break', () => {
    createApiKey(environment, 'first', 'handoff');
    writeFileSync(path, readFileSync(path, 'utf8').trimEnd());
    const second = createApiKey(environment, 'second', 'context:read,handoff');
    const keys = parseApiKeys(readFileSync(path, 'utf8'));
    expect([...keys.keys()]).toEqual(['first', 'second']);
    expect(apiKeyPrincipal(keys, second)).toMatchObject({ id: 'key:second', scopes: ['context:read', 'handoff'] });
  });

  it.each([
    ['a.b', 'handoff', path, 'ID is not valid: 1 to 64'],
    ['first', 'handoff', path, 'ID is not valid: first is taken'],
    ['new', 'read', path, 'SCOPES is not valid: one of context:read'],
    ['new', '', path, 'SCOPES is not valid: one of context:read'],
    ['new', 'handoff', undefined, 'API_KEYS_FILE is not valid: needed'],
    ['new', 'handoff', import.meta.filename, 'API_KEYS_FILE is not valid: line 1: '],
  ])('refuses %j %j', (id, scopes, file, problem) => {
    expect(() => createApiKey({ ...environment, API_KEYS_FILE: file }, id, scopes)).toThrow(problem);
  });
});
