import type { Migration } from './migration.js';

export const takeOver: Migration = {
  version: 4,
  name: 'take-over',
  script: `
    alter table sessions add column former_participants text not null default '[]';
    -- What is known of the owner since it became the owner. Null until it writes, and for rows that are older.
    alter table sessions add column owner_wrote_at integer;
    alter table sessions add column owner_last_sequence integer;
    -- The pending request to take the session over that lapses last: all four columns, or none.
    alter table sessions add column take_over_handoff_id text;
    alter table sessions add column take_over_by text;
    alter table sessions add column take_over_at integer;
    alter table sessions add column take_over_until integer;
    -- When the owner took the session over. Null if it became the owner in another way.
    alter table sessions add column taken_over_at integer;
    -- The handoff on whose lease the session was held, if the last move of ownership was its lapse.
    alter table sessions add column lapsed_handoff_id text;

    -- What an accepted request to take over found: owner_wrote_at and owner_last_sequence of the session.
    alter table handoffs add column found_wrote_at integer;
    alter table handoffs add column found_last_sequence integer;
    create index handoffs_pending_take_overs on handoffs (session_id, expires_at)
      where status = 'pending' and request_type = 'take_over';
    -- Whether an agent has accepted a handoff of a session decides whether it may ask for it.
    create index handoffs_accepted_of_session on handoffs (session_id, accepted_by) where accepted_by is not null;
  `,
};
