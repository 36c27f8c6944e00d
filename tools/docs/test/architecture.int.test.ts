import { globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));

type Manifest = Readonly<Record<string, Readonly<Record<string, string>> | undefined>>;

const kinds = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'];

/** What the projects declare, but for each other. */
async function declared(): Promise<string[]> {
  const files = globSync(
    ['package.json', '{apps,packages,tools}/*/package.json', 'tools/load/artillery/package.json'],
    {
      cwd: root,
    },
  );
  const manifests = await Promise.all(
    files.map(async (file) => JSON.parse(await readFile(join(root, file), 'utf8')) as Manifest),
  );
  const entries = manifests.flatMap((manifest) => kinds.flatMap((kind) => Object.entries(manifest[kind] ?? {})));
  const others = entries.filter(
    ([name, version]) => !/^(?:workspace|file):/.test(version) && !name.startsWith('@types/'),
  );
  return others.map(([name]) => name);
}

/** Those that a cell names, separated by commas; a scope counts for those that follow. `*` stands for any name. */
function namesIn(cell: string): RegExp[] {
  let scope = '';
  return cell.split(', ').map((text) => {
    const [, itsScope, name = ''] = /^(@[\w-]+\/)?(.+)$/.exec(text.trim()) ?? [];
    scope = itsScope ?? scope;
    return new RegExp(`^${itsScope ?? `(?:${scope})?`}${name.replaceAll('*', '.*')}$`);
  });
}

it('the table of dependencies names each of them, and nothing else', async () => {
  const [, section = ''] = (await readFile(join(root, 'docs/architecture.md'), 'utf8')).split('## Dependencies');
  const cells = [...section.matchAll(/^\| ([^|]+?) +\|/gm)].map(([, cell = '']) => cell).slice(2);
  const named = cells.flatMap((cell) => namesIn(cell));
  const names = [...new Set(await declared())];
  expect(names).toContain('zod');
  expect(names.filter((name) => !named.some((pattern) => pattern.test(name)))).toEqual([]);
  expect(named.filter((pattern) => !names.some((name) => pattern.test(name)))).toEqual([]);
});
