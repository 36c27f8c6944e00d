import { globSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

export const workspaceFolder = resolve(import.meta.dirname, '../../..');

/** The folders of the projects that pnpm-workspace.yaml lists, relative to the workspace, in alphabetical order. */
export const projectFolders: readonly string[] = globSync(
  listedPatterns().map((pattern) => `${pattern}/package.json`),
  { cwd: workspaceFolder },
)
  .map((manifest) => dirname(manifest))
  .toSorted();

/** Reads every list item of that file: its only list is `packages`. */
function listedPatterns(): string[] {
  const settings = readFileSync(join(workspaceFolder, 'pnpm-workspace.yaml'), 'utf8');
  return [...settings.matchAll(/^ {2}- (?<pattern>\S+)$/gm)].flatMap(({ groups }) => groups?.['pattern'] ?? []);
}
