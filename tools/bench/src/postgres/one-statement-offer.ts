import { randomUUID } from 'node:crypto';
import type { QueryConfig } from 'pg';
import { owner } from './bench-database.js';

/**
 * The least that an offer can be on the product's schema: one statement that locks and checks the session, counts the offer,
 * waits for earlier offers of the namespace, inserts this one, and returns what a caller gets.
 */
const text = `
  with locked as materialized (
    select *, clock_timestamp() as now from sessions where namespace = $1 and session_key = $2 for update
  ), queued as materialized (
    select *, pg_advisory_xact_lock(hashtextextended('handoffs ' || namespace, 0)) from locked
    where state = 'active' and (owner = $3 or $3 = any (participants))
      and coalesce(last_activity_at + ttl_ms * interval '1 millisecond' > now, true)
      and coalesce(lease_expires_at > now, true)
  ), touched as (
    update sessions set offers = sessions.offers + 1, last_activity_at = greatest(sessions.last_activity_at, queued.now)
    from queued where sessions.id = queued.id
  )
  insert into handoffs (
    handoff_id, namespace, session_id, session_key, request_type, status, requesting_agent, target_agent, upto_sequence,
    created_at, expires_at
  )
  select $4, namespace, id, session_key, 'context_transfer', 'pending', $3, $5, last_sequence, now, now + interval '7 days'
  from queued
  returning *`;

export const rawOffer = (sessionKey: string, targetAgent: string): QueryConfig => ({
  name: 'offer',
  text,
  values: ['default', sessionKey, owner, randomUUID(), targetAgent],
});
