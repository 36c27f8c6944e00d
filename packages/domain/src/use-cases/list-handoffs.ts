import { z } from 'zod';
import { ContextStoreError } from '../errors.js';
import { handoffSchema, handoffStatusSchema } from '../model/handoff.js';
import { roleSchema } from '../model/names.js';
import { recordedNote } from '../model/recorded-note.js';
import type { HandoffPage, HandoffRecord, ListHandoffs } from '../ports/store.js';
import { answerBudget, bytesForRecords, shareAmong } from '../rules/answer-budget.js';
import { cursorKind } from '../rules/cursor.js';
import { fitHandoff } from '../rules/fit-handoff.js';
import { limits } from '../rules/limits.js';
import { presentHandoff } from '../rules/present.js';
import { callerArguments, defineUseCase, type UseCaseContext } from './use-case.js';

const cursors = cursorKind('listHandoffs', z.tuple([z.int().min(0)]));

const input = z.strictObject({
  ...callerArguments,
  /** Roles whose offers the inbox shows besides the agent's own. */
  roles: z.array(roleSchema).max(limits.roles).default([]),
  direction: z.enum(['inbox', 'outbox']).default('inbox'),
  /** Absent: what is pending in an inbox, everything in an outbox. */
  status: handoffStatusSchema.optional(),
  /** How long to wait for an offer when there is none to show. */
  waitSeconds: z.number().min(0).max(limits.waitSeconds).default(0),
  limit: z.int().min(1).max(limits.pageSize).default(20),
  /** Shows only what came after the answer that gave it. */
  cursor: z.string().min(1).optional(),
  /** Of the whole answer. Each handoff gets an equal share for each of `limit`; a page holds no more than fit. */
  maxTokens: answerBudget(limits.listTokens),
});

/** The agent's inbox (what it may accept) or outbox (what it requested), oldest first; waits for what is new. */
export const listHandoffs = defineUseCase({
  name: 'listHandoffs',
  input,
  result: z.strictObject({
    note: z.string().optional(),
    handoffs: z.array(handoffSchema),
    /** Present when more may follow now: call again with the cursor. */
    more: z.literal(true).optional(),
    cursor: z.string(),
  }),
  async run(context, { roles, direction, status, waitSeconds, limit: asked, cursor, maxTokens }) {
    const { namespace } = context;
    const agent = context.agent();
    const shown = status ?? (direction === 'inbox' ? 'pending' : undefined);
    if (waitSeconds > 0) refuseWait(direction, shown);
    const scope = [namespace, agent, direction, shown ?? '', ...roles.toSorted()];
    const [after = 0] = cursor === undefined ? [] : cursors.decode(scope, cursor);
    const { limit, bytesEach } = shareAmong(asked, bytesForRecords(maxTokens, { handoffs: [], more: true }));
    const request = { namespace, agent, roles, direction, status: shown, after, limit };
    const page = await (waitSeconds > 0
      ? waitForPage(context, request, waitSeconds * 1000)
      : readPage(context, request));
    return {
      ...(page.handoffs.length > 0 && { note: recordedNote }),
      handoffs: page.handoffs.map((handoff) => fitHandoff(presentHandoff(handoff), bytesEach)),
      ...(page.more && { more: true as const }),
      cursor: cursors.encode(scope, [page.next]),
    };
  },
});

type PageRequest = ListHandoffs & { readonly after: number };

function refuseWait(direction: string, status: string | undefined): void {
  if (direction === 'inbox' && status === 'pending') return;
  const message = 'waits for pending offers in the inbox alone; leave out direction and status, or waitSeconds';
  throw new ContextStoreError('VALIDATION_ERROR', `waitSeconds: ${message}.`, {
    issues: [{ path: 'waitSeconds', message }],
  });
}

/** What is not shown must not hide what is: a page that came out short is filled up from those that follow. */
async function readPage({ store }: UseCaseContext, request: PageRequest): Promise<HandoffPage> {
  const handoffs: HandoffRecord[] = [];
  let next = request.after;
  let more = true;
  for (let pages = 0; pages < limits.pagesLookedThrough; pages += 1) {
    const page = await store.listHandoffs({ ...request, after: next, limit: request.limit - handoffs.length });
    handoffs.push(...page.handoffs);
    ({ next, more } = page);
    if (!more || handoffs.length === request.limit) break;
  }
  return { handoffs, next, more };
}

async function waitForPage(context: UseCaseContext, request: PageRequest, waitMs: number): Promise<HandoffPage> {
  const { signal, stopping } = context;
  const inbox = context.inboxWatch.open(request);
  const deadlineMs = performance.now() + waitMs;
  try {
    let page = await readPage(context, request);
    while (page.handoffs.length === 0) {
      const leftMs = deadlineMs - performance.now();
      if (leftMs <= 0 || !(await inbox.arrival(page.next, leftMs, [signal, stopping]))) break;
      page = await readPage(context, { ...request, after: page.next });
    }
    return page;
  } finally {
    inbox.close();
  }
}
