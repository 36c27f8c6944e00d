import { z } from 'zod';
import { agentSchema } from '../model/names.js';
import { sessionSchema, sessionStatusSchema } from '../model/session.js';
import { cursorKind } from '../rules/cursor.js';
import { limits } from '../rules/limits.js';
import { presentSession } from '../rules/present.js';
import { callerArguments, defineUseCase } from './use-case.js';

const cursors = cursorKind('listSessions', z.tuple([z.int().min(0)]));

/** The sessions of the namespace, newest first. A page may be short and still have a `nextCursor`. */
export const listSessions = defineUseCase({
  name: 'listSessions',
  input: z.strictObject({
    ...callerArguments,
    status: sessionStatusSchema.optional(),
    owner: agentSchema.optional(),
    limit: z.int().min(1).max(limits.pageSize).default(20),
    cursor: z.string().min(1).optional(),
  }),
  result: z.strictObject({ sessions: z.array(sessionSchema), nextCursor: z.string().optional() }),
  async run({ store, settings, namespace }, { status, owner, limit, cursor }) {
    const scope = [namespace, status ?? '', owner ?? ''];
    const [before] = cursor === undefined ? [] : cursors.decode(scope, cursor);
    const { dormantAfterMs } = settings;
    const page = await store.listSessions({ namespace, status, owner, before, limit, dormantAfterMs });
    return {
      sessions: page.sessions.map((session) => presentSession(session, dormantAfterMs)),
      ...(page.next !== undefined && { nextCursor: cursors.encode(scope, [page.next]) }),
    };
  },
});
