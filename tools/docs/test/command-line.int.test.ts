import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { openContextStore } from '@org/context-store';
import { expect, it, onTestFinished } from 'vitest';
import { codeBlocks } from '../src/code-blocks.js';
import { Scene } from './scene.js';

const page = await readFile(new URL('../../../docs/reference/command-line.md', import.meta.url), 'utf8');

/** Replaces what differs from run to run. */
const withoutChance = (printed: string, folder: string): string =>
  printed
    .replaceAll(folder, '/home/me/.local/share')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '2026-12-01T12:00:00.000Z')
    .replaceAll(/[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}/g, '1f0c6a52-8a7e-4c55-9f3e-0d2f6f1f7c11');

const argumentsOf = (line: string): string[] =>
  [...line.matchAll(/'([^']*)'|\S+/g)].map(([word, quoted]) => quoted ?? word).slice(1);

it('the examples of the command line print what the page shows', async () => {
  const scene = await Scene.open();
  onTestFinished(scene.close);
  const database = `sqlite:${join(scene.folder, 'context-store', 'context.db')}`;
  const [migrating] = [scene.launch('context-store', {}, ['migrate'])];
  await once(migrating, 'close');
  const store = await openContextStore({ database, agent: 'planner' });
  await store.registerSession({ sessionKey: 'parser-rewrite', title: 'Rewrite the parser' });
  const content = 'Split the lexer from the parser';
  await store.updateContext({ sessionKey: 'parser-rewrite', contextType: 'message', content });
  await store.close();
  const [examples = ''] = codeBlocks(page, 'console');
  const commands = [...examples.matchAll(/^\$ (.+)$/gm)].map(([, line = '']) => line);
  expect(commands.length).toBeGreaterThan(5);
  let shown = '';
  for (const line of commands) {
    const child = scene.launch('context-store', {}, argumentsOf(line));
    const [printed, failed] = await Promise.all([text(child.stdout), text(child.stderr)]);
    shown += `$ ${line}\n${withoutChance(printed, scene.folder)}${failed}`;
  }
  expect(shown).toBe(examples);
});
