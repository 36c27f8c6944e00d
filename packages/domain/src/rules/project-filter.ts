import { allProjects, noProject } from '../model/project.js';
import type { ProjectFilter } from '../ports/store.js';

/**
 * Returns which projects a list shows: by default the caller's and what has none. A caller without a project must not
 * lose sight of anything, so it sees all.
 *
 * @param asked the argument `project` of the call
 * @param findOwn finds the caller's project. It is not called if the call names one
 * @returns undefined for all projects
 */
export async function projectFilter(
  asked: string | undefined,
  findOwn: () => Promise<string | undefined>,
): Promise<ProjectFilter | undefined> {
  if (asked === allProjects) return undefined;
  if (asked === noProject) return [null];
  const project = asked ?? (await findOwn());
  return project === undefined ? undefined : [project, null];
}

/** Whether a filter shows what belongs to a project. @param project null or undefined for none */
export const isOfProjects = (projects: ProjectFilter | undefined, project: string | null | undefined): boolean =>
  projects === undefined || projects.includes(project ?? null);

/**
 * The part of a cursor's scope that a filter is. A list of all projects adds nothing, so that its cursors are those of
 * releases without projects. No role holds a colon, so it cannot be taken for one.
 */
export const projectScope = (projects: ProjectFilter | undefined): string[] =>
  projects === undefined ? [] : [`project:${projects.map((project) => project ?? noProject).join(',')}`];
