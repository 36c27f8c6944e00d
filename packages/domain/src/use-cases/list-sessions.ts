import { z } from 'zod';
import { ContextStoreError } from '../errors.js';
import { agentSchema, sessionKeySchema } from '../model/names.js';
import { projectFilterSchema } from '../model/project.js';
import { recordedNote } from '../model/recorded-note.js';
import { sessionSchema, sessionStatusSchema } from '../model/session.js';
import type { ProjectFilter, SessionPage } from '../ports/store.js';
import { answerBudget, bytesForRecords, shareAmong } from '../rules/answers/answer-budget.js';
import { cursorKind } from '../rules/cursors/cursor.js';
import { fitSession } from '../rules/answers/fit-session.js';
import { limits } from '../rules/limits.js';
import { projectFilter, projectScope } from '../rules/project-filter.js';
import { presentSession } from '../rules/answers/present.js';
import { callerArguments, defineUseCase, type UseCaseContext } from './use-case.js';

const cursors = cursorKind('listSessions', z.tuple([z.int().min(0)]));

const input = z.strictObject({
  ...callerArguments,
  /** Lists only this session, whole if `maxTokens` allows. */
  sessionKey: sessionKeySchema.optional(),
  /** Lists only sessions of this status. */
  status: sessionStatusSchema.optional(),
  /** Lists only sessions of this owner. */
  owner: agentSchema.optional(),
  /**
   * Lists what belongs to this project and what belongs to none, only what belongs to none (`none`), or everything
   * (`*`). Default: the caller's project; everything if it has none.
   */
  project: projectFilterSchema.optional(),
  limit: z.int().min(1).max(limits.pageSize).default(20),
  cursor: z.string().min(1).optional(),
  /** The estimated tokens of the whole answer, shared equally among `limit` sessions. A page holds no more than fit. */
  maxTokens: answerBudget(limits.listTokens),
});

type Asked = z.output<typeof input>;

/** Lists the sessions of the namespace, newest first. A page may be short and still have a `nextCursor`. */
export const listSessions = defineUseCase({
  name: 'listSessions',
  input,
  result: z.strictObject({
    note: z.string().optional(),
    /** The sessions, newest first. Large ones are cut: see `truncated`. */
    sessions: z.array(sessionSchema),
    nextCursor: z.string().optional(),
  }),
  async run(context, asked) {
    const { namespace, settings } = context;
    const { sessionKey, status, owner, maxTokens } = asked;
    refuseFilters(asked);
    const project = sessionKey === undefined ? (asked.project ?? context.project()) : undefined;
    const projects = projectFilter(project instanceof Promise ? await project : project);
    const scope = [namespace, status ?? '', owner ?? '', ...projectScope(projects)];
    const bytes = bytesForRecords(maxTokens, { sessions: [] });
    const { limit, bytesEach } = shareAmong(sessionKey === undefined ? asked.limit : 1, bytes);
    const page = await readPage(context, { ...asked, projects, limit }, scope);
    return {
      ...(page.sessions.length > 0 && { note: recordedNote }),
      sessions: page.sessions.map((session) => fitSession(presentSession(session, settings), bytesEach)),
      ...(page.next !== undefined && { nextCursor: cursors.encode(scope, [page.next]) }),
    };
  },
});

function refuseFilters({ sessionKey, status, owner, project, cursor }: Asked): void {
  if (sessionKey === undefined || (status ?? owner ?? project ?? cursor) === undefined) return;
  const message = 'names one session; leave out status, owner, project and cursor';
  throw new ContextStoreError('VALIDATION_ERROR', `sessionKey: ${message}.`, {
    issues: [{ path: 'sessionKey', message }],
  });
}

async function readPage(
  { store, settings, namespace }: UseCaseContext,
  { sessionKey, status, owner, projects, limit, cursor }: Asked & { readonly projects: ProjectFilter | undefined },
  scope: readonly string[],
): Promise<SessionPage> {
  if (sessionKey !== undefined) return { sessions: [await store.readSession({ namespace, sessionKey })] };
  const [before] = cursor === undefined ? [] : cursors.decode(scope, cursor);
  const { dormantAfterMs } = settings;
  return store.listSessions({ namespace, projects, status, owner, before, limit, dormantAfterMs });
}
