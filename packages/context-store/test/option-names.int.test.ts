import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { environmentTable, openConfiguredStore } from '../src/environment/environment.js';
import { nameVariables } from '../src/environment/name-variables.js';
import { openContextStore } from '../src/index.js';

const packages = join(import.meta.dirname, '../..');
const sources = globSync('*/src/**/*.ts', { cwd: packages, exclude: ['**/*.test.ts', '**/testing/**'] });
const textOf = (file: string): string => readFileSync(join(packages, file), 'utf8');

/** The texts of a source, without its comments. */
const textsIn = (file: string): string => textOf(file).replaceAll(/\/\*\*[^]*?\*\/|\/\/.*/g, '');

describe('messages', () => {
  it('name options, not variables, in all sources but those that read the environment', () => {
    const others = sources.filter(
      (file) => !file.startsWith('context-store/src/environment/') && file !== 'context-store/src/run-context-store.ts',
    );
    const names = new RegExp(`\\b(${Object.keys(environmentTable).join('|')})\\b`);
    expect(others.length).toBeGreaterThan(100);
    expect(others.filter((file) => names.test(textsIn(file)))).toEqual([]);
  });

  it('name options by which a program finds the variable', () => {
    const named = sources.flatMap((file) => textsIn(file).match(/the option (?!\()[\w.]+/g) ?? []);
    expect(new Set(named.map((text) => text.replace(/\.$/, ''))).size).toBeGreaterThan(3);
    for (const text of named) expect(nameVariables(text)).toMatch(/^[A-Z_]+\.?$/);
  });

  it('name what the caller has set: an option of the library, or a variable of a program', async () => {
    const options = { database: 'sqlite::memory:' };
    await using library = await openContextStore(options);
    await using program = await openConfiguredStore(options);
    await expect(library.registerSession({})).rejects.toThrow('Where one agent alone calls, set the option agent.');
    await expect(program.registerSession({})).rejects.toThrow('Where one agent alone calls, set CONTEXT_AGENT.');
  });

  it('of a start name what the caller has set', async () => {
    vi.stubEnv('HOME', '');
    vi.stubEnv('XDG_DATA_HOME', '');
    await expect(openContextStore()).rejects.toThrow('Set the option database to sqlite:/absolute/path.db');
    vi.unstubAllEnvs();
  });
});
