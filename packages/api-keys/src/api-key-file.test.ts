import { describe, expect, it } from 'vitest';
import { parseApiKeys } from './api-key-file.js';
import { hashApiKey, newApiKey } from './api-key.js';

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
    ['half a line', lineWith({}).slice(0, -1), 'line 1: not a JSON object'],
    ['a comment', `${lineWith({})}\n# hunter2`, 'line 2: not a JSON object; comments cannot be kept in this file'],
    ['the same id twice', `${lineWith({})}\n${lineWith({})}`, 'line 2: the id reader is taken'],
    ['an unknown field', lineWith({ hunter2: 1 }), 'line 1: a field that this release does not know. Upgrade'],
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
