import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { workspaceFolder } from './workspace-folder.ts';

interface Bundled {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly text: string;
}

/**
 * Returns the licences of all packages that were bundled into a folder, as Markdown. The source maps of the bundle name
 * them, so nothing that is in it is left out.
 *
 * @throws Error if a bundled package has no licence in its manifest
 */
export function thirdPartyNotices(bundleFolder: string): string {
  const folders = new Set(globSync(join(bundleFolder, '**/*.map')).flatMap(packagesOf));
  const bundled = [...folders].map(describePackage).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const sections = bundled.map(
    ({ name, version, license, text }) => `## ${name} ${version} (${license})\n\n${text.trim()}\n`,
  );
  return ['# Third-party notices\n', 'This package contains code of these packages.\n', ...sections].join('\n');
}

/** Returns the folders of the packages whose files a source map names. */
function packagesOf(map: string): string[] {
  const { sources } = JSON.parse(readFileSync(map, 'utf8')) as { sources: readonly string[] };
  return sources.flatMap((source) => {
    const [folder] = /node_modules\/\.pnpm\/[^/]+\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(source) ?? [];
    return folder === undefined ? [] : [join(workspaceFolder, folder)];
  });
}

function describePackage(folder: string): Bundled {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Partial<Bundled>;
  const { name = folder, version = '', license } = manifest;
  if (typeof license !== 'string') throw new Error(`${name} names no licence`);
  const [file] = globSync(join(folder, '{LICENSE,LICENCE,license,licence,COPYING}*'));
  const text = file === undefined ? `Licence: ${license}` : readFileSync(file, 'utf8');
  return { name, version, license, text };
}
