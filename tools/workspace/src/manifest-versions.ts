import { VersionActions } from 'nx/release';
import { releaseChangelog } from './release-changelog.ts';

type Tree = Parameters<VersionActions['updateProjectVersion']>[0];

/**
 * Tells `nx release` how to set versions here: in each package.json, as a heading in CHANGELOG.md, and as the tag of the
 * image for Kubernetes.
 *
 * Dependencies between packages do not change. They are `workspace:*`, which pnpm replaces with the version when it packs.
 * Nx loads this file with Node's type stripping, so it imports `.ts` files by their real names, and tsconfig.lib.json sets
 * `rewriteRelativeImportExtensions`.
 */
export default class ManifestVersions extends VersionActions {
  override readonly validManifestFilenames = ['package.json'];

  override async readCurrentVersionFromSourceManifest(
    tree: Tree,
  ): Promise<{ currentVersion: string; manifestPath: string }> {
    const manifestPath = `${this.projectGraphNode.data.root}/package.json`;
    const { version } = JSON.parse(tree.read(manifestPath, 'utf8') ?? '{}') as { version?: string };
    if (version === undefined) throw new Error(`${manifestPath} has no version`);
    return { currentVersion: version, manifestPath };
  }

  override async readCurrentVersionFromRegistry(): Promise<null> {
    return null;
  }

  override async readCurrentVersionOfDependency(): Promise<{ currentVersion: null; dependencyCollection: null }> {
    return { currentVersion: null, dependencyCollection: null };
  }

  override async updateProjectVersion(tree: Tree, newVersion: string): Promise<string[]> {
    updateChangelog(tree, newVersion);
    updateImageTag(tree, newVersion);
    return this.manifestsToUpdate.map(({ manifestPath }) => {
      const manifest = JSON.parse(tree.read(manifestPath, 'utf8') ?? '{}') as Record<string, unknown>;
      tree.write(manifestPath, `${JSON.stringify({ ...manifest, version: newVersion }, undefined, 2)}\n`);
      return `${manifestPath} is at ${newVersion}`;
    });
  }

  override async updateProjectDependencies(): Promise<string[]> {
    return [];
  }
}

/** Nx asks once for each package. The first time changes the file; after that it has the version's heading. */
function updateChangelog(tree: Tree, version: string): void {
  const date = new Date().toISOString().slice(0, 'YYYY-MM-DD'.length);
  tree.write('CHANGELOG.md', releaseChangelog(tree.read('CHANGELOG.md', 'utf8') ?? '', version, date));
}

function updateImageTag(tree: Tree, version: string): void {
  const path = 'deploy/kubernetes/base/kustomization.yaml';
  const text = tree.read(path, 'utf8');
  if (text === null) throw new Error(`${path} is missing: it names the version of the image`);
  tree.write(path, text.replace(/(?<=^ *newTag: ).*$/m, version));
}
