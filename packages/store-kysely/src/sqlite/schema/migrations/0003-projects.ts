import type { Migration } from './migration.js';

export const projects: Migration = {
  version: 3,
  name: 'projects',
  script: `
    alter table sessions add column project text;
    -- A list of one project reads two ranges of it: the project's, and that of what has none.
    create index sessions_by_project on sessions (namespace, project);

    -- A copy of the session's, so that an inbox reads one table.
    alter table handoffs add column project text;
    -- Lists ask for a status. Its own part of the index replaces a second index of what is pending.
    drop index handoffs_inbox;
    drop index handoffs_pending_inbox;
    create index handoffs_inbox on handoffs (namespace, status, target_agent);
    create index handoffs_inbox_of_project on handoffs (namespace, project, status, target_agent);
    create index handoffs_outbox_of_project on handoffs (namespace, project, requesting_agent);
  `,
};
