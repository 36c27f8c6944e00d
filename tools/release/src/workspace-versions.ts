import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { workspaceFolder } from './workspace-folder.ts';

/** Returns the version, or the range, that the catalog of pnpm-workspace.yaml has for a dependency. */
export function catalogVersion(name: string): string {
  const settings = readFileSync(join(workspaceFolder, 'pnpm-workspace.yaml'), 'utf8');
  const [, catalog = ''] = /^catalog:\n(?<entries>(?: {2}.*\n)+)/m.exec(settings) ?? [];
  const quoted = name.startsWith('@') ? `'${name}'` : name;
  const line = catalog.split('\n').find((entry) => entry.startsWith(`  ${quoted}: `));
  if (line === undefined) throw new Error(`the catalog has no ${name}`);
  return line.slice(`  ${quoted}: `.length).replaceAll("'", '');
}

/** Returns the range of later versions that are compatible. */
export const compatible = (version: string): string => (/^\d/.test(version) ? `^${version}` : version);
