import { z } from 'zod';
import { ContextStoreError } from '../errors.js';
import { handoffIdSchema, handoffSchema, handoffStatusSchema } from '../model/handoff.js';
import { roleSchema } from '../model/names.js';
import { recordedNote } from '../model/recorded-note.js';
import type { HandoffPage, HandoffPosition, HandoffRecord, ListHandoffs } from '../ports/store.js';
import { answerBudget, bytesForRecords, shareAmong } from '../rules/answers/answer-budget.js';
import { fitHandoff } from '../rules/answers/fit-handoff.js';
import { handoffCursors } from '../rules/cursors/handoff-cursor.js';
import { limits } from '../rules/limits.js';
import { presentHandoff } from '../rules/answers/present.js';
import { callerArguments, defineUseCase, type UseCaseContext } from './use-case.js';

const input = z.strictObject({
  ...callerArguments,
  /** Only this handoff, in any state and of any agents, whole if `maxTokens` allows. */
  handoffId: handoffIdSchema.optional(),
  /** Roles whose offers the inbox shows besides the agent's own. */
  roles: z.array(roleSchema).max(limits.roles).default([]),
  direction: z.enum(['inbox', 'outbox']).default('inbox'),
  /** Absent: what is pending in an inbox, everything in an outbox. */
  status: handoffStatusSchema.optional(),
  /** How long to wait for an offer when there is none to show. */
  waitSeconds: z.number().min(0).max(limits.waitSeconds).default(0),
  limit: z.int().min(1).max(limits.pageSize).default(20),
  /** Shows only what earlier answers, each by the cursor of the one before, have not shown. */
  cursor: z.string().min(1).optional(),
  /** Of the whole answer. Each handoff gets an equal share for each of `limit`; a page holds no more than fit. */
  maxTokens: answerBudget(limits.listTokens),
});

/**
 * The agent's inbox (what it may accept) or outbox (what it requested), oldest first; waits for what is new. An inbox shows
 * offers to the agent first, then those to its roles, then those to anyone.
 */
export const listHandoffs = defineUseCase({
  name: 'listHandoffs',
  input,
  result: z.strictObject({
    note: z.string().optional(),
    handoffs: z.array(handoffSchema),
    /** Present when more may follow now: call again with the cursor. */
    more: z.literal(true).optional(),
    // One handoff leads nowhere: an answer to a `handoffId` has none.
    cursor: z.string().optional(),
  }),
  async run(context, asked) {
    const { handoffId, maxTokens } = asked;
    const bytes = bytesForRecords(maxTokens, { handoffs: [], more: true });
    const { limit, bytesEach } = shareAmong(handoffId === undefined ? asked.limit : 1, bytes);
    const { handoffs, ...rest } = await (handoffId === undefined
      ? list(context, { ...asked, limit })
      : readOne(context, { ...asked, handoffId }));
    return {
      ...(handoffs.length > 0 && { note: recordedNote }),
      handoffs: handoffs.map((handoff) => fitHandoff(presentHandoff(handoff), bytesEach)),
      ...rest,
    };
  },
});

type Asked = z.output<typeof input>;

interface Listed {
  readonly handoffs: readonly HandoffRecord[];
  readonly more?: true;
  readonly cursor?: string;
}

async function list(context: UseCaseContext, asked: Asked): Promise<Listed> {
  const { namespace } = context;
  const { roles, direction, waitSeconds, limit, cursor } = asked;
  const agent = context.agent();
  const status = asked.status ?? (direction === 'inbox' ? 'pending' : undefined);
  if (waitSeconds > 0) refuseWait(direction, status);
  const scope = [namespace, agent, direction, status ?? '', ...roles.toSorted()];
  const after = cursor === undefined ? 0 : handoffCursors.decode(scope, cursor);
  const request = { namespace, agent, roles, direction, status, after, limit };
  const { handoffs, more, next } = await (waitSeconds > 0
    ? waitForPage(context, request, waitSeconds * 1000)
    : readPage(context, request));
  return { handoffs, ...(more && { more }), cursor: handoffCursors.encode(scope, next) };
}

async function readOne(
  { store, namespace }: UseCaseContext,
  { handoffId, roles, direction, status, waitSeconds, cursor }: Asked & { readonly handoffId: string },
): Promise<Listed> {
  if (roles.length > 0 || direction !== 'inbox' || waitSeconds > 0 || (status ?? cursor) !== undefined) {
    throw refusal('handoffId', 'names one handoff; leave out roles, direction, status, waitSeconds and cursor');
  }
  return { handoffs: [await store.readHandoff({ namespace, handoffId })] };
}

type PageRequest = ListHandoffs & { readonly after: HandoffPosition };

function refuseWait(direction: string, status: string | undefined): void {
  if (direction === 'inbox' && status === 'pending') return;
  throw refusal(
    'waitSeconds',
    'waits for pending offers in the inbox alone; leave out direction and status, or waitSeconds',
  );
}

const refusal = (path: string, message: string): ContextStoreError =>
  new ContextStoreError('VALIDATION_ERROR', `${path}: ${message}.`, { issues: [{ path, message }] });

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
