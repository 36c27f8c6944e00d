import type { Migration } from './index.js';

/**
 * Every append of the owner changes its two columns. Of a changed row, PostgreSQL logs all from the first byte that
 * changed to the last. So the long columns are moved behind them, which writes each session once: otherwise every append
 * would log the metadata again.
 *
 * The index of a session's pending offers is made anew, because it now also holds requests to take the session over.
 */
export const takeOver: Migration = {
  version: 3,
  name: 'take-over',
  script: `
    alter table sessions
      add column owner_wrote_at timestamptz,
      add column owner_last_sequence bigint,
      add column take_over_handoff_id text collate "C",
      add column take_over_by text collate "C",
      add column take_over_at timestamptz,
      add column take_over_until timestamptz,
      add column taken_over_at timestamptz,
      add column lapsed_handoff_id text collate "C",
      add column former_participants text[] collate "C" not null default '{}',
      add column moved_title text,
      add column moved_metadata json;
    update sessions set moved_title = title, moved_metadata = metadata;
    alter table sessions drop column title, drop column metadata, alter column moved_metadata set not null;
    alter table sessions rename column moved_title to title;
    alter table sessions rename column moved_metadata to metadata;
    comment on column sessions.metadata is 'Comes after all that appends change, like the title: of a changed row, PostgreSQL logs all from the first byte that changed to the last.';
    comment on column sessions.owner_wrote_at is 'When the owner last wrote since it became the owner, like the next column. Null if it is not known to have written.';
    comment on column sessions.take_over_handoff_id is 'The pending request to take the session over that lapses last, like the next three columns. Past take_over_until there is none.';
    comment on column sessions.taken_over_at is 'When the owner took the session over. Null if it became the owner in another way.';
    comment on column sessions.lapsed_handoff_id is 'The handoff on whose lease the session was held, if the last move of ownership was its lapse.';

    alter table handoffs
      add column found_wrote_at timestamptz,
      add column found_last_sequence bigint;
    comment on column handoffs.found_wrote_at is 'What an accepted request to take over found, like the next column: owner_wrote_at and owner_last_sequence of the session.';

    drop index handoffs_pending_of_session;
    create index handoffs_pending_of_session on handoffs (session_id, expires_at)
      where status = 'pending' and request_type in ('full_handoff', 'take_over');
    comment on index handoffs_pending_of_session is 'The handoffs that are cancelled when ownership moves.';
    create index handoffs_accepted_of_session on handoffs (session_id, accepted_by) where accepted_by is not null;
    comment on index handoffs_accepted_of_session is 'Whether an agent has accepted a handoff of a session decides whether it may ask for it.';
  `,
};
