import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { dts } from 'rolldown-plugin-dts';
import { workspaceFolder } from './workspace-folder.ts';

export interface LibraryBundle {
  /** The built module of each entry point, without its extension. */
  readonly entries: Readonly<Record<string, string>>;
  /** The packages that are installed beside the library. */
  readonly external: readonly string[];
  /** Gets `index.js`, `index.d.ts` and so on. */
  readonly folder: string;
}

/** Returns the file name of an entry point, without its extension: `index` for `.`. */
export const fileOfEntry = (entry: string): string => (entry === '.' ? 'index' : entry.slice('./'.length));

/** Bundles the code and the declarations of a library with all packages of the workspace that it uses. */
export async function bundleLibrary({ entries, external, folder }: LibraryBundle): Promise<void> {
  const isExternal = (id: string): boolean =>
    id === 'pg-native' || external.some((name) => id === name || id.startsWith(`${name}/`));
  const inputs = (extension: string): Record<string, string> =>
    Object.fromEntries(
      Object.entries(entries).map(([entry, module]) => [
        fileOfEntry(entry),
        join(workspaceFolder, `${module}${extension}`),
      ]),
    );

  const code = await rolldown({ input: inputs('.js'), platform: 'node', external: isExternal });
  await code.write({ dir: folder, format: 'esm', sourcemap: true, chunkFileNames: 'chunks/[name].js' });
  await code.close();

  const declarations = await rolldown({
    input: inputs('.d.ts'),
    external: isExternal,
    plugins: [dts({ dtsOnly: true, generator: 'oxc', tsconfig: false })],
  });
  await declarations.write({ dir: folder, format: 'esm', chunkFileNames: 'chunks/[name].d.ts' });
  await declarations.close();
}
