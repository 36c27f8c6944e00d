import type { HandoffPage, Inbox, ListSessions, ProjectFilter } from '@org/domain';
import { dayMs, type StoreScenario } from '../../store-scenario.js';

export const ours = 'github.com/us/ours';
export const theirs = 'github.com/them/theirs';

/** What a list of the caller's project shows. */
export const oursOrNone: ProjectFilter = [ours, null];

export const idsOf = ({ handoffs }: HandoffPage): string[] => handoffs.map(({ handoffId }) => handoffId);

export interface CreatedInProject {
  readonly sessionKey: string;
  readonly project: string | undefined;
}

/** Creates a session in each project: `s0`, `s1` … Returns them newest first, as lists do. */
export async function createInProjects(
  s: StoreScenario,
  projects: readonly (string | undefined)[],
): Promise<CreatedInProject[]> {
  for (const [index, project] of projects.entries()) await s.createSession({ sessionKey: `s${index}`, project });
  return projects.map((project, index) => ({ project, sessionKey: `s${index}` })).toReversed();
}

/** Lists all pages. Returns the keys of the sessions. */
export async function listedKeys(s: StoreScenario, request: Partial<ListSessions>): Promise<string[]> {
  const keys: string[] = [];
  const list = { namespace: s.namespace, dormantAfterMs: dayMs, limit: 100, ...request };
  for (let before: number | undefined, isFirst = true; isFirst || before !== undefined; isFirst = false) {
    const page = await s.store.listSessions({ ...list, before });
    keys.push(...page.sessions.map(({ sessionKey }) => sessionKey));
    before = page.next;
  }
  return keys;
}

export const inboxAfter = ({ namespace }: StoreScenario, after: Inbox['after'], projects?: ProjectFilter): Inbox => ({
  namespace,
  agent: 'implementer',
  roles: [],
  projects,
  after,
});
