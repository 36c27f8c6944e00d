import { handoffStatuses } from '@org/domain';
import { scanWidth } from '../../src/constants.js';
import type { ExplainedRun, PlanStep } from './explain-statements.js';

/** How a statement finds its rows, and the maximum of rows and pages, however much the database holds. */
export interface ExpectedPlan {
  readonly indexes: readonly string[];
  readonly rows: number;
  readonly pages: number;
}

const sessionByKey = 'sessions_namespace_session_key_key';
const handoffById = 'handoffs_namespace_handoff_id_key';
const recordedKey = 'idempotency_keys_scope';
const leases = 'handoffs_leased';
/** Every mutation may delete a few old keys. */
const sweptKeys = ['idempotency_keys_created_at', 'idempotency_keys_pkey'];
/** How many addresses the inbox has. A list reads one row more of each than it shows. */
const addresses = 3;

/** The expected plan of every statement: an append of one entry, and lists and pages of 20. */
export const expectedPlans: Readonly<Record<string, ExpectedPlan>> = {
  ping: { indexes: [], rows: 1, pages: 2 },
  read_change_mark: { indexes: [], rows: 0, pages: 0 },
  create_session: { indexes: [sessionByKey, recordedKey], rows: 3, pages: 50 },
  create_session_once: { indexes: [sessionByKey, recordedKey, ...sweptKeys], rows: 15, pages: 64 },
  read_session: { indexes: [sessionByKey], rows: 1, pages: 4 },
  append_entry: { indexes: [sessionByKey, 'sessions_pkey'], rows: 2, pages: 30 },
  append_entries: { indexes: [sessionByKey, 'sessions_pkey'], rows: 2, pages: 30 },
  append_entries_once: {
    indexes: [sessionByKey, 'sessions_pkey', 'context_history_idempotency'],
    rows: 3,
    pages: 36,
  },
  append_entries_of_several: { indexes: [sessionByKey, 'sessions_pkey'], rows: 4, pages: 60 },
  append_entries_of_several_once: {
    indexes: [sessionByKey, 'sessions_pkey', 'context_history_idempotency'],
    rows: 6,
    pages: 72,
  },
  read_appended: { indexes: [sessionByKey, 'context_history_idempotency'], rows: 2, pages: 10 },
  read_entries_ascending: { indexes: [sessionByKey, 'context_history_pkey'], rows: 21, pages: 12 },
  read_entries_descending: { indexes: [sessionByKey, 'context_history_pkey'], rows: 21, pages: 12 },
  // One entry less than a page has, and the ends of seven pages.
  read_tail: { indexes: [sessionByKey, 'context_history_pkey'], rows: 1 + 15 + 7, pages: 48 },
  // Two sessions, and the last entry of each.
  read_log_ends: { indexes: [sessionByKey, 'context_history_pkey'], rows: 4, pages: 16 },
  // The session, its last entry, 20 of the newest, one that the running sum looks ahead to, and 10 pins.
  read_briefing: { indexes: [sessionByKey, 'context_history_pkey', 'context_history_pinned'], rows: 33, pages: 22 },
  read_session_situation: { indexes: [sessionByKey, recordedKey], rows: 3, pages: 12 },
  update_session: { indexes: ['sessions_pkey'], rows: 2, pages: 15 },
  update_session_once: { indexes: ['sessions_pkey', ...sweptKeys], rows: 15, pages: 60 },
  move_session: {
    indexes: ['sessions_pkey', 'handoffs_of_session', 'handoffs_pkey', handoffById],
    rows: 12,
    pages: 60,
  },
  move_session_once: {
    indexes: ['sessions_pkey', 'handoffs_of_session', 'handoffs_pkey', handoffById, ...sweptKeys],
    rows: 30,
    pages: 100,
  },
  offer_handoff: { indexes: [sessionByKey, 'sessions_pkey'], rows: 4, pages: 50 },
  create_handoff: { indexes: ['sessions_pkey'], rows: 4, pages: 50 },
  create_handoff_once: { indexes: ['sessions_pkey', ...sweptKeys], rows: 15, pages: 80 },
  read_handoff_situation: { indexes: [handoffById, 'sessions_pkey', recordedKey], rows: 4, pages: 12 },
  claim_handoff: {
    indexes: ['sessions_pkey', 'handoffs_pkey', 'handoffs_pending_of_session'],
    rows: 10,
    pages: 78,
  },
  claim_handoff_once: {
    indexes: ['sessions_pkey', 'handoffs_pkey', 'handoffs_pending_of_session', ...sweptKeys],
    rows: 20,
    pages: 98,
  },
  resolve_handoff: {
    indexes: ['sessions_pkey', 'handoffs_pkey', 'handoffs_pending_of_session'],
    rows: 10,
    pages: 78,
  },
  resolve_handoff_once: {
    indexes: ['sessions_pkey', 'handoffs_pkey', 'handoffs_pending_of_session', ...sweptKeys],
    rows: 20,
    pages: 98,
  },
  read_take_over_situation: {
    indexes: [sessionByKey, 'handoffs_accepted_of_session', recordedKey],
    rows: 4,
    pages: 16,
  },
  accept_take_over: {
    indexes: ['sessions_pkey', 'handoffs_pkey', 'handoffs_pending_of_session'],
    rows: 10,
    pages: 90,
  },
  accept_take_over_once: {
    indexes: ['sessions_pkey', 'handoffs_pkey', 'handoffs_pending_of_session', ...sweptKeys],
    rows: 20,
    pages: 110,
  },
  take_over_session: {
    indexes: ['sessions_pkey', handoffById, 'handoffs_pkey', 'handoffs_pending_of_session'],
    rows: 10,
    pages: 90,
  },
  record_answer: { indexes: sweptKeys, rows: 15, pages: 50 },
  list_sessions: { indexes: ['sessions_by_creation', 'sessions_pkey'], rows: 42, pages: 60 },
  list_sessions_of_projects: { indexes: ['sessions_by_project', 'sessions_pkey'], rows: 62, pages: 80 },
  list_session_keys: { indexes: [sessionByKey], rows: 20, pages: 20 },
  // Without a status, each address is a range for each of them.
  list_inbox: {
    indexes: ['handoffs_inbox', 'handoffs_pkey', 'sessions_pkey', leases],
    rows: 21 * addresses * handoffStatuses.length + 41,
    pages: 280,
  },
  list_inbox_of_project: {
    indexes: ['handoffs_inbox_of_project', 'handoffs_pkey', 'sessions_pkey', leases],
    rows: 21 * addresses * 2 + 41,
    pages: 220,
  },
  read_listed: { indexes: ['handoffs_pkey', 'sessions_pkey'], rows: 4, pages: 20 },
  read_handoff: { indexes: [handoffById, 'sessions_pkey'], rows: 2, pages: 8 },
  list_outbox: { indexes: ['handoffs_outbox', 'handoffs_pkey', 'sessions_pkey', leases], rows: 62, pages: 180 },
  list_outbox_of_project: {
    indexes: ['handoffs_outbox_of_project', 'handoffs_pkey', 'sessions_pkey', leases],
    rows: 83,
    pages: 180,
  },
  peek_inboxes: {
    indexes: ['handoffs_inbox', 'handoffs_inbox_of_project', 'sessions_pkey', leases],
    rows: 2 * addresses + 1,
    pages: 30,
  },
  check_leases: { indexes: [leases, 'handoffs_pkey', 'sessions_pkey'], rows: 8, pages: 40 },
  settle_lease: {
    indexes: ['sessions_pkey', handoffById, 'handoffs_pkey', 'handoffs_pending_of_session'],
    rows: 10,
    pages: 80,
  },
  settle_leases: {
    indexes: ['sessions_pkey', handoffById, 'handoffs_pkey', 'handoffs_pending_of_session'],
    rows: 14,
    pages: 80,
  },
  renew_lease: { indexes: ['sessions_pkey', handoffById], rows: 4, pages: 44 },
  expire_offers: { indexes: ['handoffs_pkey'], rows: 30, pages: 60 },
  read_mark: { indexes: [sessionByKey, 'read_marks_pkey'], rows: 2, pages: 8 },
  move_mark: { indexes: [sessionByKey], rows: 3, pages: 20 },
  find_session: { indexes: [sessionByKey], rows: 1, pages: 4 },
  delete_session: { indexes: ['sessions_pkey', 'context_history_pkey'], rows: 40, pages: 100 },
  // Both names, and the newest thousand, to find the oldest that is kept.
  note_agents: { indexes: ['seen_agents_by_time'], rows: 1030, pages: 60 },
  // A name that was seen again has left an entry in the index until the next vacuum.
  list_agents: { indexes: ['seen_agents_by_time'], rows: 60, pages: 40 },
  count_namespace: {
    indexes: ['sessions_by_creation', 'sessions_pkey', 'handoffs_inbox', leases],
    rows: 42,
    pages: 63,
  },
};

/** The expected plan of a list with a filter, which examines more rows than it shows. */
export const filtered = (name: string): ExpectedPlan => ({
  indexes: expectedPlans[name]?.indexes ?? [],
  rows: scanWidth + addresses + 41,
  pages: 2 * scanWidth,
});

/** The expected plan of a batch of appends. */
export const appended = (entries: number): ExpectedPlan => ({
  indexes: expectedPlans['append_entries']?.indexes ?? [],
  rows: 2 * entries,
  pages: 22 * entries,
});

/** The expected plan of storing that the offers of one page have expired: each is read twice more, and written. */
export const expiring: ExpectedPlan = {
  indexes: expectedPlans['expire_offers']?.indexes ?? [],
  rows: 4 * (scanWidth + addresses),
  pages: 40 * scanWidth,
};

/** Returns how a run differs from the expected plan. */
export function faultsOf({ name, plan, rows, pages }: ExplainedRun, expected = expectedPlans[name]): string[] {
  if (expected === undefined) return [`${name}: no plan is expected for it`];
  const steps = stepsOf(plan);
  const indexes = indexesOf(plan).join();
  const wanted = expected.indexes.toSorted().join();
  const sorted = Math.max(0, ...steps.filter(isSort).flatMap(inputRows));
  return [
    ...readWhole(plan).map((table) => `reads all of ${table}`),
    ...(indexes === wanted ? [] : [`takes ${indexes}; it should take ${wanted}`]),
    ...(rows <= expected.rows ? [] : [`reads ${rows} rows; ${expected.rows} should do`]),
    ...(pages <= expected.pages ? [] : [`touches ${pages} pages; ${expected.pages} should do`]),
    ...(sorted <= Math.max(expected.rows, 1) ? [] : [`sorts ${sorted} rows`]),
  ].map((fault) => `${name}: ${fault}`);
}

/** The indexes that a plan takes. */
export const indexesOf = (plan: PlanStep): string[] =>
  [...new Set(stepsOf(plan).flatMap((step) => step['Index Name'] ?? []))]
    .filter((index) => index !== 'schema_migrations_pkey')
    .toSorted();

/** The store's tables that a plan reads by a sequential scan. */
export const readWhole = (plan: PlanStep): string[] =>
  stepsOf(plan)
    .filter((step) => step['Node Type'] === 'Seq Scan' && step['Relation Name'] !== 'schema_migrations')
    .map((step) => step['Relation Name'] ?? '');

const stepsOf = (plan: PlanStep): PlanStep[] => [plan, ...(plan.Plans ?? []).flatMap(stepsOf)];

const isSort = (step: PlanStep): boolean => step['Node Type'].endsWith('Sort');

const inputRows = (step: PlanStep): number[] => (step.Plans ?? []).map((input) => input['Actual Rows']);
