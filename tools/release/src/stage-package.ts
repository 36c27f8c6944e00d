import { copyFileSync, cpSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { bundleLibrary, fileOfEntry } from './bundle-library.ts';
import { releaseSettings } from './release-settings.ts';
import type { ReleasedPackage } from './released-packages.ts';
import { thirdPartyNotices } from './third-party-notices.ts';
import { stagingFolder, workspaceFolder } from './workspace-folder.ts';
import { catalogVersion, compatible } from './workspace-versions.ts';

/** What a released package takes from the manifest of its project. */
interface ProjectManifest {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly license: string;
  readonly bin?: Readonly<Record<string, string>>;
  readonly engines: Readonly<Record<string, string>>;
}

/** Makes a package for npm from a built project. Returns its folder. */
export async function stagePackage(released: ReleasedPackage): Promise<string> {
  const project = join(workspaceFolder, released.folder);
  const manifest = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')) as ProjectManifest;
  const folder = join(stagingFolder, manifest.name);
  const code = join(folder, 'dist');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(code, { recursive: true });

  const { entries, dependencies, optionalPeers } = released;
  if (entries === undefined) copyProgram(join(project, 'dist'), code);
  else await bundleLibrary({ entries, external: [...dependencies, ...optionalPeers], folder: code });
  writeFileSync(join(folder, 'THIRD-PARTY-NOTICES.md'), thirdPartyNotices(code));
  removeSourceMaps(code);

  copyFileSync(join(workspaceFolder, 'LICENSE'), join(folder, 'LICENSE'));
  const readme = readFileSync(join(project, 'README.md'), 'utf8');
  writeFileSync(join(folder, 'README.md'), absoluteLinks(withScope(readme), released.folder, manifest.version));
  writeFileSync(
    join(folder, 'package.json'),
    `${JSON.stringify(releasedManifest(manifest, released), undefined, 2)}\n`,
  );
  return folder;
}

/** Replaces the workspace's scope by the release's. */
export const withScope = (text: string): string => text.replaceAll('@org/', `${releaseSettings.scope}/`);

function releasedManifest(manifest: ProjectManifest, released: ReleasedPackage): object {
  const { name, version, description, license, bin, engines } = manifest;
  const { repository: url, author, mcpName } = releaseSettings;
  const { folder, keywords, dependencies, optionalPeers, entries } = released;
  return {
    name: withScope(name),
    version,
    description,
    keywords,
    homepage: `${url}#readme`,
    bugs: `${url}/issues`,
    license,
    author,
    repository: { type: 'git', url: `git+${url}.git`, directory: folder },
    ...(entries === undefined && { mcpName }),
    ...(bin && { bin: programsOf(bin) }),
    files: ['dist', 'THIRD-PARTY-NOTICES.md'],
    type: 'module',
    ...(entries ? exportsOf(entries) : { exports: { './package.json': './package.json' } }),
    engines,
    dependencies: versionsOf(dependencies),
    ...(optionalPeers.length > 0 && {
      peerDependencies: versionsOf(optionalPeers),
      peerDependenciesMeta: Object.fromEntries(optionalPeers.map((peer) => [peer, { optional: true }])),
    }),
  };
}

/** npm would correct the leading `./` of a program, and warn. */
const programsOf = (bin: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(bin).map(([name, file]) => [name, posix.normalize(file)]));

function exportsOf(entries: NonNullable<ReleasedPackage['entries']>): object {
  const exported = Object.keys(entries).map((entry) => {
    const file = `./dist/${fileOfEntry(entry)}`;
    return [entry, { types: `${file}.d.ts`, default: `${file}.js` }];
  });
  return { exports: { ...Object.fromEntries(exported), './package.json': './package.json' } };
}

const versionsOf = (names: readonly string[]): Record<string, string> =>
  Object.fromEntries(names.map((name) => [name, compatible(catalogVersion(name))]));

/** Copies a program's bundle. The declarations beside it are for other projects of the workspace. */
function copyProgram(from: string, to: string): void {
  for (const file of globSync('**/*.{js,map}', { cwd: from })) {
    if (file.startsWith('types/')) continue;
    mkdirSync(dirname(join(to, file)), { recursive: true });
    cpSync(join(from, file), join(to, file));
  }
}

/** Source maps would name sources that are not in the package. */
function removeSourceMaps(folder: string): void {
  for (const map of globSync('**/*.map', { cwd: folder })) rmSync(join(folder, map));
  for (const file of globSync('**/*.{js,d.ts}', { cwd: folder })) {
    const text = readFileSync(join(folder, file), 'utf8');
    writeFileSync(join(folder, file), text.replace(/\n\/\/# sourceMappingURL=.*\n?$/, '\n'));
  }
}

/** Links relative to the project's folder lead nowhere on npm: they become links to the files of the release. */
export const absoluteLinks = (markdown: string, folder: string, version: string): string =>
  markdown.replaceAll(/\]\((?!https?:|#)(?<link>[^)\s]+)\)/g, (_, link: string) => {
    const [path = '', anchor] = link.split('#');
    const target = posix.join(folder, path);
    return `](${releaseSettings.repository}/blob/v${version}/${target}${anchor === undefined ? '' : `#${anchor}`})`;
  });
