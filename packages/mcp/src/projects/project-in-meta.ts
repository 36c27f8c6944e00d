import { noProject, projectOfFolder, projectOfRemote, type Caller } from '@org/domain';

/** Finds the project of a folder on this machine. Returns undefined if it has none. */
export type FindProjectOfFolder = (folder: string) => string | undefined;

/** Codex sends in each call what it knows of the turn, as an object or as its JSON. */
const turnMetadataKey = 'x-codex-turn-metadata';
const longestMetadata = 64 * 1024;
const maxWorkspaces = 16;

/**
 * Reads the project from what a client says of the call in `_meta`: the remote of the first workspace that has one, else
 * the first workspace's folder. Returns undefined if the client says nothing, or nothing that can be read.
 *
 * @param findProject looks at the folder itself, if the client is on this machine
 */
export function projectInMeta(
  meta: Readonly<Record<string, unknown>> | undefined,
  findProject: FindProjectOfFolder = projectOfFolder,
): string | undefined {
  const turn = readObject(meta?.[turnMetadataKey]);
  const workspaces = Object.entries(readObject(turn?.['workspaces']) ?? {}).slice(0, maxWorkspaces);
  return (
    firstOf(workspaces, ([, workspace]) => projectOfRemotes(readObject(workspace)?.['associated_remote_urls'])) ??
    firstOf(workspaces, ([folder]) => findProject(folder))
  );
}

/**
 * Chooses between the project that a client says in `_meta` and the one that is set up for it. A person who has set
 * `none` wants no project, so nothing is looked for.
 */
export const chooseProject = (inMeta: string | undefined, own: Caller['project']): Caller['project'] =>
  own === noProject ? own : (inMeta ?? own);

function projectOfRemotes(given: unknown): string | undefined {
  const { origin, ...others } = readObject(given) ?? {};
  return firstOf([origin, ...Object.values(others)], (url) =>
    typeof url === 'string' ? projectOfRemote(url) : undefined,
  );
}

type JsonObject = Readonly<Record<string, unknown>>;

function readObject(given: unknown): JsonObject | undefined {
  const value = typeof given === 'string' && given.length <= longestMetadata ? parseJson(given) : given;
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function firstOf<Item>(items: readonly Item[], find: (item: Item) => string | undefined): string | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}
