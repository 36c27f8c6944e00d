/** How each argument is written in the statement: `$1` or `:name`. */
export interface AppendPlaceholders {
  readonly namespace: string;
  readonly sessionKey: string;
  readonly agent: string;
  /** Null if the epoch is not checked. */
  readonly epoch: string;
  readonly metadata: string;
  readonly contentBytes: string;
  readonly estimatedTokens: string;
  readonly content: string;
}

/**
 * The least that an append can be on the product's schema: one statement that checks what the product checks (owner or
 * participant, epoch, state, TTL, lease), updates the session, inserts the entry, and returns what a caller is told.
 */
export const oneStatementAppend = (p: AppendPlaceholders): string => `
  with session as (
    update sessions set
      last_sequence = last_sequence + 1,
      content_bytes = content_bytes + ${p.contentBytes}::bigint,
      estimated_tokens = estimated_tokens + ${p.estimatedTokens}::bigint,
      last_activity_at = greatest(last_activity_at, date_trunc('milliseconds', clock_timestamp())),
      lease_expires_at = case when owner = ${p.agent}
        then clock_timestamp() + lease_ms * interval '1 millisecond' else lease_expires_at end
    where namespace = ${p.namespace} and session_key = ${p.sessionKey} and state = 'active'
      and (owner = ${p.agent} or ${p.agent} = any (participants))
      and (${p.epoch}::integer is null or epoch = ${p.epoch}::integer)
      and coalesce(last_activity_at + ttl_ms * interval '1 millisecond' > clock_timestamp(), true)
      and coalesce(lease_expires_at > clock_timestamp(), true)
    returning id, last_sequence, epoch, last_activity_at, estimated_tokens, pinned_count
  )
  insert into context_history (
    session_id, sequence, context_type, agent, epoch, pinned, created_at, content_bytes, estimated_tokens, tokens_before,
    pinned_before, metadata, content
  )
  select id, last_sequence, 'message', ${p.agent}, epoch, false, last_activity_at, ${p.contentBytes}::bigint,
    ${p.estimatedTokens}::bigint, estimated_tokens - ${p.estimatedTokens}::bigint, pinned_count, ${p.metadata}::json, ${p.content}
  from session
  returning sequence, created_at, epoch`;

/** With numbered parameters, in the order of {@link AppendPlaceholders}. */
export const numberedAppend: string = oneStatementAppend({
  namespace: '$1',
  sessionKey: '$2',
  agent: '$3',
  epoch: '$4',
  metadata: '$5',
  contentBytes: '$6',
  estimatedTokens: '$7',
  content: '$8',
});
