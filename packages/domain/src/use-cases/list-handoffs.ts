import { z } from 'zod';
import { ContextStoreError } from '../errors.js';
import { handoffIdSchema, handoffSchema, handoffStatusSchema } from '../model/handoff.js';
import { roleSchema } from '../model/names.js';
import { projectFilterSchema } from '../model/project.js';
import { recordedNote } from '../model/recorded-note.js';
import type { HandoffPage, HandoffPosition, HandoffRecord, ListHandoffs } from '../ports/store.js';
import { answerBudget, bytesForRecords, shareAmong } from '../rules/answers/answer-budget.js';
import { fitHandoff } from '../rules/answers/fit-handoff.js';
import { handoffCursors } from '../rules/cursors/handoff-cursor.js';
import { limits } from '../rules/limits.js';
import { projectFilter, projectScope } from '../rules/project-filter.js';
import { presentHandoff } from '../rules/answers/present.js';
import { callerArguments, defineUseCase, type UseCaseContext } from './use-case.js';

const input = z.strictObject({
  ...callerArguments,
  /** Lists only this handoff, whatever its status and agents, and whole if `maxTokens` allows. */
  handoffId: handoffIdSchema.optional(),
  /** Roles whose offers the inbox also lists. */
  roles: z.array(roleSchema).max(limits.roles).default([]),
  /** `inbox`: what the agent may accept. `outbox`: what it requested. */
  direction: z.enum(['inbox', 'outbox']).default('inbox'),
  /**
   * Lists what belongs to this project and what belongs to none, only what belongs to none (`none`), or everything
   * (`*`). Default: the caller's project; everything if it has none.
   */
  project: projectFilterSchema.optional(),
  /** Default: `pending` in an inbox, any in an outbox. */
  status: handoffStatusSchema.optional(),
  /** How long to wait for an offer if there is none to list, in seconds. */
  waitSeconds: z.number().min(0).max(limits.waitSeconds).default(0),
  limit: z.int().min(1).max(limits.pageSize).default(20),
  /** The cursor of the previous answer. Lists only what that answer and those before it have not shown. */
  cursor: z.string().min(1).optional(),
  /** The estimated tokens of the whole answer, shared equally among `limit` handoffs. A page holds no more than fit. */
  maxTokens: answerBudget(limits.listTokens),
});

/**
 * Lists the agent's inbox (what it may accept) or outbox (what it requested), oldest first, and can wait for an offer.
 * An inbox lists offers to the agent first, then those to its roles, then those to anyone.
 */
export const listHandoffs = defineUseCase({
  name: 'listHandoffs',
  input,
  result: z.strictObject({
    note: z.string().optional(),
    /** The handoffs, oldest first. Large ones are cut: see `truncated`. */
    handoffs: z.array(handoffSchema),
    /** Present if more may follow now: call again with the cursor. */
    more: z.literal(true).optional(),
    /** Lists what is new since this answer: pass it as `cursor`. Absent from the answer to a `handoffId`. */
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

/** A page of an inbox or outbox. */
export interface Listed {
  readonly handoffs: readonly HandoffRecord[];
  readonly more?: true;
  readonly cursor?: string;
}

/** Lists an inbox or outbox. The records are whole. */
export async function list(context: UseCaseContext, asked: Asked): Promise<Listed> {
  const { namespace } = context;
  const { roles, direction, waitSeconds, limit, cursor } = asked;
  const agent = context.agent();
  const status = asked.status ?? (direction === 'inbox' ? 'pending' : undefined);
  if (waitSeconds > 0) refuseWait(direction, status);
  const project = asked.project ?? context.project();
  const projects = projectFilter(project instanceof Promise ? await project : project);
  const scope = [namespace, agent, direction, status ?? '', ...roles.toSorted(), ...projectScope(projects)];
  const after = cursor === undefined ? 0 : handoffCursors.decode(scope, cursor);
  const request = { namespace, agent, roles, direction, projects, status, after, limit };
  const { handoffs, more, next } = await (waitSeconds > 0
    ? waitForPage(context, request, waitSeconds * 1000)
    : readPage(context, request));
  return { handoffs, ...(more && { more }), cursor: handoffCursors.encode(scope, next) };
}

async function readOne(
  { store, namespace }: UseCaseContext,
  { handoffId, roles, direction, project, status, waitSeconds, cursor }: Asked & { readonly handoffId: string },
): Promise<Listed> {
  if (roles.length > 0 || direction !== 'inbox' || waitSeconds > 0 || (project ?? status ?? cursor) !== undefined) {
    throw refusal(
      'handoffId',
      'names one handoff; leave out roles, direction, project, status, waitSeconds and cursor',
    );
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

/** Fills a short page from the store pages that follow, so that rows that do not match hide none that do. */
async function readPage({ store }: UseCaseContext, request: PageRequest): Promise<HandoffPage> {
  const handoffs: HandoffRecord[] = [];
  let next = request.after;
  let more = true;
  for (let pages = 0; pages < limits.pagesScanned; pages += 1) {
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
