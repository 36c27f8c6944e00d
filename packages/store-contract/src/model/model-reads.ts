import type { ListSessions, SessionRecord, SessionRef, Store } from '@org/domain';
import { shown } from './model-request.js';
import { type Command } from './model-command.js';
import { tickMs } from './model-script.js';
import type { Step } from './model-step.js';

type Of<Kind extends Command['kind']> = Extract<Command, { readonly kind: Kind }>;

/** A call of an operation of the port. */
export const callStep = <Name extends keyof Store>(operation: Name, request: Parameters<Store[Name]>[0]): Step => ({
  text: `${operation} ${shown(request)}`,
  run: ({ store }) => Reflect.apply(store[operation], store, [request]) as Promise<unknown>,
});

/** Reads a range of a log. */
export function readStep(
  ref: SessionRef,
  { direction, types, after, before, limit, pageSize }: Omit<Of<'read'>, 'kind' | 'session'>,
): Step {
  const range = { ...ref, direction, afterSequence: after, beforeSequence: before, limit, maxContentLength: 5 };
  if (pageSize !== undefined) return callStep('readTail', { ...range, pageSize });
  return callStep('readEntries', { ...range, types, contentOffset: after % 2 });
}

/** Reads a whole log, with all contents. */
export const readWholeStep = (ref: SessionRef): Step =>
  callStep('readEntries', {
    ...ref,
    direction: 'ascending',
    afterSequence: 0,
    limit: 100,
    contentOffset: 0,
    maxContentLength: 2000,
  });

export const briefStep = (ref: SessionRef, uptoSequence?: number): Step =>
  callStep('readBriefing', { ...ref, uptoSequence, pinnedLimit: 2, newestLimit: 3, maxContentLength: 4 });

/** Lists all pages of sessions. */
export function sessionsStep(
  namespace: string,
  { owner, projects, status, limit }: Omit<Of<'sessions'>, 'kind'>,
): Step {
  const listing: ListSessions = { namespace, owner, projects, status, limit, dormantAfterMs: 2 * tickMs };
  return {
    text: `listSessions ${shown(listing)}, all pages`,
    run: async ({ store }) => {
      const sessions: SessionRecord[] = [];
      let before: number | undefined;
      do {
        const page = await store.listSessions({ ...listing, before });
        sessions.push(...page.sessions);
        before = page.next;
      } while (before !== undefined);
      return sessions;
    },
  };
}
