import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Server } from '@modelcontextprotocol/server';
import type { FindProject } from '@org/domain';
import type { FindProjectOfFolder } from './project-in-meta.js';

export interface LocalProjects {
  readonly findProject: FindProjectOfFolder;
  /**
   * The folders of this process, the most likely first. The first that gives a project counts, if the client does not
   * say in which folders it works.
   */
  readonly folders: readonly string[];
}

/** The project of the client of one connection. */
export interface ClientProject {
  /** Finds it when it is first needed, and again for each call: folders may become repositories. */
  readonly find: FindProject;
  /** Asks a client of the legacy era for its roots, now and whenever they change. */
  // oxlint-disable-next-line typescript/no-deprecated -- the SDK keeps it for advanced uses such as this one
  readonly follow: (server: Server) => void;
}

/**
 * How long after the connection began a call waits for the roots. Models take longer until their first call, so hardly a
 * call waits, even if the client never answers.
 */
const awaitRootsMs = 150;

/**
 * Finds the project of a client on this machine: by the roots that it has told, else by the folders of this process. The
 * modern era has no requests of servers, so its clients are not asked.
 */
export function createClientProject({ findProject, folders }: LocalProjects): ClientProject {
  let roots: readonly string[] = [];
  let timesAsked = 0;
  /** Resolves when the first roots are known, or when no call should wait for them any longer. */
  let firstRoots: Promise<unknown> | undefined;

  // oxlint-disable-next-line typescript/no-deprecated -- see above
  async function ask(server: Server): Promise<void> {
    timesAsked += 1;
    const time = timesAsked;
    try {
      // oxlint-disable-next-line typescript/no-deprecated -- see above
      const listed = await server.listRoots();
      // An earlier request may be answered later.
      if (time === timesAsked) roots = listed.roots.flatMap(({ uri }) => folderOf(uri) ?? []);
    } catch {
      // A client that cannot tell its roots works in the folders that this process knows.
    }
  }

  function look(): string | undefined {
    for (const folder of [...roots, ...folders]) {
      const project = findProject(folder);
      if (project !== undefined) return project;
    }
    return undefined;
  }

  return {
    find: () => firstRoots?.then(look) ?? look(),
    follow: (server) => {
      server.oninitialized = () => {
        // oxlint-disable-next-line typescript/no-deprecated -- the era that has roots has this
        if (server.getClientCapabilities()?.roots === undefined) return;
        firstRoots = Promise.race([ask(server), delay(awaitRootsMs, undefined, { ref: false })]).finally(() => {
          firstRoots = undefined;
        });
      };
      server.setNotificationHandler('notifications/roots/list_changed', () => void ask(server));
    },
  };
}

function folderOf(uri: string): string | undefined {
  try {
    return fileURLToPath(uri);
  } catch {
    return undefined;
  }
}
