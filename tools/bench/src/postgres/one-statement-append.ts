import { estimateTokens } from '@org/domain';
import type { QueryConfig } from 'pg';
import { owner } from './bench-database.js';

/** The parameters of the statement, in the order of their numbers. The epoch is null if it is not checked. */
const parameters = [
  'namespace',
  'sessionKey',
  'agent',
  'epoch',
  'metadata',
  'contentBytes',
  'estimatedTokens',
  'content',
];

/**
 * The least that an append can be on the product's schema: one statement that checks what the product checks (owner or
 * participant, epoch, state, TTL, lease), updates the session, inserts the entry, and returns what a caller gets.
 */
export const namedAppend: string = `
  with session as (
    update sessions set
      last_sequence = last_sequence + 1,
      content_bytes = content_bytes + :contentBytes::bigint,
      estimated_tokens = estimated_tokens + :estimatedTokens::bigint,
      last_activity_at = greatest(last_activity_at, date_trunc('milliseconds', clock_timestamp())),
      lease_expires_at = case when owner = :agent
        then clock_timestamp() + lease_ms * interval '1 millisecond' else lease_expires_at end
    where namespace = :namespace and session_key = :sessionKey and state = 'active'
      and (owner = :agent or :agent = any (participants))
      and (:epoch::integer is null or epoch = :epoch::integer)
      and coalesce(last_activity_at + ttl_ms * interval '1 millisecond' > clock_timestamp(), true)
      and coalesce(lease_expires_at > clock_timestamp(), true)
    returning id, last_sequence, epoch, last_activity_at, estimated_tokens, pinned_count
  )
  insert into context_history (
    session_id, sequence, context_type, agent, epoch, pinned, created_at, content_bytes, estimated_tokens, tokens_before,
    pinned_before, metadata, content
  )
  select id, last_sequence, 'message', :agent, epoch, false, last_activity_at, :contentBytes::bigint,
    :estimatedTokens::bigint, estimated_tokens - :estimatedTokens::bigint, pinned_count, :metadata::json, :content
  from session
  returning sequence, created_at, epoch`;

/** Returns the append of an entry to a session of {@link owner}, for pg. */
export function rawAppend(sessionKey: string, content: string): QueryConfig {
  const contentBytes = Buffer.byteLength(content);
  return {
    name: 'append',
    text: numberedAppend,
    values: ['default', sessionKey, owner, null, '{}', contentBytes, estimateTokens(contentBytes), content],
  };
}

/** With the parameters `$1`, `$2` … */
const numberedAppend: string = namedAppend.replaceAll(
  /(?<!:):(\w+)/g,
  (_, name: string) => `$${1 + parameters.indexOf(name)}`,
);
