import { z } from 'zod';
import { handoffSchema, handoffStatusSchema } from '../model/handoff.js';
import { roleSchema } from '../model/names.js';
import type { HandoffPage, HandoffRecord, ListHandoffs, Store } from '../ports/store.js';
import { cursorKind } from '../rules/cursor.js';
import { limits } from '../rules/limits.js';
import { presentListedHandoff } from '../rules/present.js';
import { callerArguments, defineUseCase } from './use-case.js';

const cursors = cursorKind('listHandoffs', z.tuple([z.int().min(0)]));

/** The agent's inbox (what it may accept) or outbox (what it requested), oldest first. */
export const listHandoffs = defineUseCase({
  name: 'listHandoffs',
  input: z.strictObject({
    ...callerArguments,
    /** Roles whose offers the inbox shows besides the agent's own. */
    roles: z.array(roleSchema).max(limits.roles).default([]),
    direction: z.enum(['inbox', 'outbox']).default('inbox'),
    /** Absent: what is pending in an inbox, everything in an outbox. */
    status: handoffStatusSchema.optional(),
    limit: z.int().min(1).max(limits.pageSize).default(20),
    /** Shows only what came after the answer that gave it. */
    cursor: z.string().optional(),
  }),
  result: z.strictObject({ handoffs: z.array(handoffSchema), cursor: z.string() }),
  async run({ store, namespace, agent: resolveAgent }, { roles, direction, status, limit, cursor }) {
    const agent = resolveAgent();
    const shown = status ?? (direction === 'inbox' ? 'pending' : undefined);
    const scope = [namespace, agent, direction, shown ?? '', ...roles.toSorted()];
    const [after] = cursor === undefined ? [] : cursors.decode(scope, cursor);
    const request = { namespace, agent, roles, direction, status: shown, after, limit };
    const { handoffs, next } = await listUntilFull(store, request);
    return { handoffs: handoffs.map(presentListedHandoff), cursor: cursors.encode(scope, [next]) };
  },
});

/** What is not shown must not hide what is: a page that came out short is filled up from those that follow. */
async function listUntilFull(store: Store, request: ListHandoffs): Promise<Pick<HandoffPage, 'handoffs' | 'next'>> {
  const handoffs: HandoffRecord[] = [];
  let { after } = request;
  for (let pages = 1; ; pages += 1) {
    const page = await store.listHandoffs({ ...request, after, limit: request.limit - handoffs.length });
    handoffs.push(...page.handoffs);
    after = page.next;
    if (!page.more || handoffs.length === request.limit || pages === limits.pagesLookedThrough) {
      return { handoffs, next: page.next };
    }
  }
}
