import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { readPublicTypes, type PublicTypes } from '../src/public-types.js';

const project = fileURLToPath(new URL('..', import.meta.url));
const compilerOptions = { module: 'nodenext', target: 'es2024', strict: true, noEmit: true, types: ['node'] };

/** Reads what a module with this code exports, from the declarations that users get. */
async function readModule<T>(code: string, read: (types: PublicTypes) => T): Promise<T> {
  const folder = await mkdtemp(join(project, '.example-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'index.ts'), code);
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['index.ts'] }));
  const isOurs = (file: string): boolean => file.includes('/packages/') || file.startsWith(folder);
  // What a store implements is for its authors: the contract suite documents it.
  return readPublicTypes(folder, { isOurs, ends: new Set(['Store']) }, read);
}

it('everything that @org/context-store exports says what it is, down to the last field', async () => {
  const undocumented = await readModule(`export * from '@org/context-store';`, (types) => types.undocumented);
  // The error codes are keys of ErrorDetails and errorCodes, which say what each means.
  expect(undocumented.filter((path) => !/\.[A-Z_]+$/.test(path))).toEqual([]);
});

it('a field without words is found, wherever it is', async () => {
  const code = `
    /** Said. */
    export interface Said {
      /** Said. */
      readonly fine: string;
      readonly mute: string;
    }
    /** Said. */
    export function ask(/** Said. */ given: { hidden: string }): Promise<readonly Said[]>;
    export const unsaid = 1;`;
  expect(await readModule(code, ({ undocumented }) => undocumented.toSorted())).toEqual([
    'Said.mute',
    'ask(given).hidden',
    'unsaid',
  ]);
});

it('methods are shown with the names of what they take and return', async () => {
  const shown = await readModule(`export * from '@org/context-store';`, (types) =>
    ['updateContext', 'listHandoffs', 'offers', 'entries', 'work', 'as'].map((name) =>
      types.shown('ContextStore', name),
    ),
  );
  expect(shown).toEqual([
    '(input: UpdateContextInput) => Promise<UpdateContextResult>',
    '(input?: ListHandoffsInput | undefined) => Promise<ListHandoffsResult>',
    '(options?: OffersOptions | undefined) => AsyncGenerator<Handoff, void, void>',
    '(options: EntriesOptions) => AsyncGenerator<Entry, void, void>',
    '(options: WorkOptions, handler: WorkHandler) => Promise<void>',
    '(caller: Caller) => ContextStore',
  ]);
});
