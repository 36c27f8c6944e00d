import type { Migration } from './migration.js';

export const leases: Migration = {
  version: 2,
  name: 'leases, read marks and deletion',
  script: `
    alter table sessions add column former_owners text not null default '[]';
    alter table sessions add column lease_handoff_id text;
    alter table sessions add column lease_returns_to text;
    alter table sessions add column lease_ms integer;
    alter table sessions add column lease_expires_at integer;
    alter table sessions add column pinned_count integer not null default 0;

    -- Of pinned entries alone: they are found by an index, and the rest of a log stays as it is.
    alter table context_history add column pinned_before integer;

    alter table handoffs add column claimant text;
    alter table handoffs add column granted_epoch integer;
    alter table handoffs add column lease_check_at integer;
    create index handoffs_lease_check on handoffs (namespace, lease_check_at) where lease_check_at is not null;
    drop index handoffs_accepted_of_session;
    drop index handoffs_pending_of_session;
    create index handoffs_of_session on handoffs (session_id, status);

    create table read_marks (
      session_id integer not null references sessions (id),
      agent text not null,
      sequence integer not null,
      primary key (session_id, agent)
    ) strict, without rowid;

    -- The session that a recorded answer is about. Two columns of a key's scope would not do: most tools take a handoff.
    create index idempotency_keys_about on idempotency_keys (
      namespace, coalesce(response ->> '$.session.sessionKey', response ->> '$.handoff.sessionKey')
    );

    with numbered as (
      select session_id, sequence, row_number() over (partition by session_id order by sequence) - 1 as pinned_before
      from context_history indexed by context_history_pinned where pinned = 1
    )
    update context_history set pinned_before = numbered.pinned_before from numbered
    where context_history.session_id = numbered.session_id and context_history.sequence = numbered.sequence;

    update sessions set pinned_count = counted.pinned
    from (select session_id, count(*) as pinned from context_history where pinned = 1 group by session_id) as counted
    where sessions.id = counted.session_id;

    -- Every time that ownership moved. An accepted offer was the first made after the move before it, for a move cancels
    -- all other offers: so the order of offers is that of acceptances, and an offer is younger than the returns before it.
    create temporary table moves as
      select session_id, id as handoff, 'accepted' as how, requesting_agent as loser, created_at as moved_at
      from handoffs where request_type = 'full_handoff' and accepted_by is not null
      union all
      select session_id, id, 'returned', accepted_by, resolved_at from handoffs where status = 'returned';
    create index temp.moves_of_session on moves (session_id);

    update sessions set former_owners = (
      select json_group_array(loser order by lost_at, handoff)
      from (
        select loser, max(moved_at) as lost_at, max(handoff) as handoff from moves
        where moves.session_id = sessions.id and loser <> sessions.owner
        group by loser order by lost_at desc, handoff desc limit 64
      )
    )
    where id in (select session_id from moves);

    -- Each move began a new epoch. Where the numbers disagree, handoffs are missing, and nothing is known.
    update handoffs set granted_epoch = (
      select 1 + count(*) from moves
      where moves.session_id = handoffs.session_id and (
        (how = 'accepted' and handoff <= handoffs.id)
        or (how = 'returned' and handoff < handoffs.id and moved_at <= handoffs.created_at)
      )
    )
    where request_type = 'full_handoff' and accepted_by is not null
      and (select epoch from sessions where id = handoffs.session_id)
        = (select 1 + count(*) from moves where moves.session_id = handoffs.session_id);

    drop table moves;
  `,
};
