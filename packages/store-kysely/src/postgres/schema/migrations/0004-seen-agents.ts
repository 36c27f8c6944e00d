import type { Migration } from './index.js';

/** Begins with the agents that the database tells of, so that offers to them are not warned about after an upgrade. */
export const seenAgents: Migration = {
  version: 4,
  name: 'seen agents',
  script: `
    create table seen_agents (
      namespace text collate "C" not null,
      agent text collate "C" not null,
      last_seen_at timestamptz not null,
      primary key (namespace, agent)
    );
    comment on table seen_agents is 'Which agents have acted, and which roles (role:NAME) were listened to: about the newest 1,000 of a namespace. An offer to a name that is not here gets a hint.';
    comment on column seen_agents.last_seen_at is 'Up to an hour old: a process writes each name at most once an hour.';
    create index seen_agents_by_time on seen_agents (namespace, last_seen_at desc, agent);

    insert into seen_agents (namespace, agent, last_seen_at)
    with told (namespace, agent, seen_at) as (
      select namespace, owner, last_activity_at from sessions
      union all
      select namespace, participant, last_activity_at from sessions, unnest(participants) as participant
      union all
      select namespace, requesting_agent, created_at from handoffs
      union all
      select namespace, accepted_by, coalesce(resolved_at, created_at) from handoffs where accepted_by is not null
    ), newest as (
      select namespace, agent, max(seen_at) as seen_at from told group by namespace, agent
    ), ranked as (
      select *, row_number() over (partition by namespace order by seen_at desc, agent) as place from newest
    )
    select namespace, agent, seen_at from ranked where place <= 1000;
  `,
};
