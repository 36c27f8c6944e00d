import { limits, type Handoff, type ListHandoffsInput, type ListSessionsInput, type Session } from '@org/domain';
import type { Target } from './target.js';

/** Room for every record of a page as it is. */
const maxTokens = limits.maxTokens;

/** Reads sessions, newest first, from as many pages as `limit` needs. */
export async function readSessions(
  target: Pick<Target, 'listSessions'>,
  { status, owner, project, limit, cursor: start }: ListSessionsInput & { readonly limit: number },
): Promise<{ sessions: Session[]; nextCursor?: string }> {
  const sessions: Session[] = [];
  let cursor = start;
  do {
    const pageLimit = Math.min(limits.pageSize, limit - sessions.length);
    const page = await target.listSessions({ status, owner, project, limit: pageLimit, cursor, maxTokens });
    sessions.push(...page.sessions);
    cursor = page.nextCursor;
  } while (cursor !== undefined && sessions.length < limit);
  return { sessions, ...(cursor !== undefined && { nextCursor: cursor }) };
}

/** Reads an inbox or outbox, oldest first, from as many pages as `limit` needs. */
export async function readHandoffs(
  target: Pick<Target, 'listHandoffs'>,
  { limit, cursor: start, ...filter }: Omit<ListHandoffsInput, 'maxTokens'> & { readonly limit: number },
): Promise<{ handoffs: Handoff[]; nextCursor?: string }> {
  const handoffs: Handoff[] = [];
  let cursor = start;
  let more: boolean;
  do {
    const pageLimit = Math.min(limits.pageSize, limit - handoffs.length);
    const page = await target.listHandoffs({ ...filter, limit: pageLimit, cursor, maxTokens });
    handoffs.push(...page.handoffs);
    cursor = page.cursor;
    more = page.more === true;
  } while (more && handoffs.length < limit);
  return { handoffs, ...(more && cursor !== undefined && { nextCursor: cursor }) };
}
