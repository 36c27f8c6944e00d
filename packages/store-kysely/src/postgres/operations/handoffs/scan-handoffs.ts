import type { HandoffStatus, ListHandoffs } from '@org/domain';
import { sql, type Expression, type InferResult, type RawBuilder } from 'kysely';
import { jsonBuildObject } from 'kysely/helpers/postgres';
import { isCancelledByLapse, oneNamespace, withLapses } from '../../leases/lapses.js';
import { place } from '../../rows/scan.js';
import type { HandoffsTable } from '../../schema/tables.js';
import { epochMs, type Clocked } from '../../statements/clock.js';
import type { Database, Run } from '../../statements/database.js';
import { arrayOf, cast, columnsOf, matches, unnest } from '../../statements/expressions.js';
import { leasedHandoffs } from './read-handoff.js';

export interface ScanArguments extends Pick<ListHandoffs, 'namespace' | 'agent' | 'limit'> {
  /** Each is one range of an index. Empty for what is offered to anyone. */
  readonly addresses: readonly string[];
  /** The class of each address. */
  readonly classes: readonly number[];
  /** After which place each address is read. */
  readonly starts: readonly number[];
  /** The project of each address. Empty for what has none. Not used in ranges of all projects. */
  readonly projects: readonly string[];
  /** The stored status of each address in an inbox. Not used in an outbox. */
  readonly statuses: readonly (HandoffStatus | null)[];
  /** The status that is shown. */
  readonly status: HandoffStatus | null;
  /** How many rows of each address are examined. */
  readonly width: number;
}

export type Range = 'inbox' | 'inbox_of_project' | 'outbox' | 'outbox_of_project';

const isInbox = (range: Range): boolean => range === 'inbox' || range === 'inbox_of_project';
const isOfProject = (range: Range): boolean => range === 'inbox_of_project' || range === 'outbox_of_project';

/** What was examined, and what the list shows of that. */
export type Scan = InferResult<ReturnType<typeof selectScan>>[number];

/**
 * Prepares the statement of one kind of list. A class is known up to where the first of its addresses was cut off.
 * Offers that a lapse makes pending again follow the stored handoffs, and are listed only if no address was cut off.
 */
export const prepareScanHandoffs = (database: Database, range: Range): Run<ScanArguments, Scan> =>
  database.prepareRead(`list_${range}`, (p: Clocked<ScanArguments>) => selectScan(p, range));

const selectScan = (p: Clocked<ScanArguments>, range: Range) =>
  withListed(p, range)
    .selectFrom('clock')
    .select((eb) => {
      const oldest = eb
        .selectFrom('listed')
        .select('id')
        .orderBy('class')
        .orderBy('lapsed_at', (order) => order.asc().nullsFirst())
        .orderBy('id')
        .limit(cast(p.limit, 'integer'));
      return [
        epochMs(eb.ref('clock.now')).as('observed_at'),
        // The greatest place that a handoff has ever had.
        sql<number>`coalesce(pg_sequence_last_value(regclass 'handoffs_id_seq'), 0)`.as('last_place'),
        // Whether leases may have lapsed and are not stored as lapsed yet.
        sql<boolean>`exists ${eb.selectFrom('due')}`.as('has_due'),
        // Offers that are stored as pending after their deadline. Null if there are none.
        eb
          .selectFrom('settled')
          .select(({ fn }) => fn.agg<number[]>('array_agg', ['id']).as('ids'))
          .where('shown_status', '=', sql.lit('expired'))
          .where('status', '=', sql.lit('pending'))
          .as('expired'),
        // How far each class was read. Null if nothing was there.
        eb
          .selectFrom('reached')
          .select(({ fn }) => fn.jsonAgg('reached').as('rows'))
          .as('classes'),
        // What the list shows, the oldest of each class first. Null if there is nothing.
        eb
          .selectFrom('listed')
          .select((listed) => {
            const [id, again] = [listed.ref('id'), sql<boolean>`${listed.ref('lapsed_at')} is not null`];
            const [index, sender] = [listed.ref('class'), listed.ref('sender')];
            return listed.fn
              .jsonAgg(jsonBuildObject({ id, class: index, sender, is_offered_again: again }))
              .orderBy('class')
              .orderBy('lapsed_at', (order) => order.asc().nullsFirst())
              .orderBy('id')
              .as('rows');
          })
          .as('listed'),
        // The first of those, as many as a page shows.
        eb
          .selectFrom(leasedHandoffs.where('handoffs.id', '=', eb.fn.any(arrayOf(oldest))).as('oldest'))
          .select(({ fn }) => fn.jsonAgg('oldest').as('rows'))
          .as('oldest'),
      ];
    });

/** Begins a query with what the list shows: of what was examined, and of the offers that lapses make pending again. */
const withListed = (p: Clocked<ScanArguments>, range: Range) =>
  withSettled(p, range).with(
    (cte) => cte('listed').materialized(),
    (query) =>
      query
        .selectFrom('settled')
        .select(['id', 'class', 'requesting_agent as sender', sql<Date | null>`null::timestamptz`.as('lapsed_at')])
        .where((eb) => matches(p.status, eb.ref('shown_status')))
        .where(isShownTo(p.agent, range, 'settled'))
        .unionAll(
          query
            .selectFrom(['clock', 'lapsed'])
            .innerJoin('addressed', (join) =>
              join
                .on((eb) => eb(addressee(range, 'lapsed'), '=', eb.ref('address')))
                .$call((on) => (isInbox(range) ? on.on('addressed.status', '=', sql.lit('pending')) : on))
                .$call((on) =>
                  isOfProject(range) ? on.on((eb) => eb(projectOf('lapsed'), '=', eb.ref('addressed.project'))) : on,
                ),
            )
            .select(['id', 'class', 'requesting_agent as sender', 'lapsed_at'])
            .where(isShownTo(p.agent, range, 'lapsed'))
            .where((eb) => eb.not(eb.exists(eb.selectFrom('reached').where('cut_after', 'is not', null))))
            .where((eb) =>
              matches(
                p.status,
                eb
                  .case()
                  .when('expires_at', '>', eb.ref('clock.now'))
                  .then(sql.lit('pending'))
                  .else(sql.lit('expired'))
                  .end(),
              ),
            ),
        ),
  );

/**
 * Begins a query with `addressed` (the addresses), `scanned` (the rows of each that are examined), `reached` (how far
 * each class is known), and `settled` (its rows up to there as the clock has them, without those that a lapse offers
 * again).
 */
const withSettled = (p: Clocked<ScanArguments>, range: Range) =>
  withScanned(p, range)
    .with(
      (cte) => cte('reached').materialized(),
      (query) =>
        query
          .selectFrom('scanned')
          .select((eb) => [
            'class',
            eb.fn.max('id').as('last'),
            eb(
              eb.fn.min<number | null>('id').filterWhere('ordinal', '>', cast(p.width, 'integer')),
              '-',
              sql.lit(1),
            ).as('cut_after'),
          ])
          .groupBy('class'),
    )
    .with(
      (cte) => cte('settled').materialized(),
      (query) =>
        query
          .selectFrom(['clock', 'scanned'])
          .innerJoin('reached', 'reached.class', 'scanned.class')
          .selectAll('scanned')
          .select((eb) =>
            eb
              .case()
              .when('status', '<>', sql.lit('pending'))
              .then(eb.ref('status'))
              .when(
                eb.and([
                  isCancelledByLapse('scanned'),
                  eb.or([
                    eb('expires_at', '>', eb.ref('clock.now')),
                    eb('expires_at', '>', (lapse) =>
                      lapse
                        .selectFrom('lapsed')
                        .select('lapsed_at')
                        .whereRef('lapsed.session_id', '=', 'scanned.session_id'),
                    ),
                  ]),
                ]),
              )
              .then(sql.lit('cancelled'))
              .when('expires_at', '<=', eb.ref('clock.now'))
              .then(sql.lit('expired'))
              .else(sql.lit('pending'))
              .end()
              .as('shown_status'),
          )
          .where((eb) => eb('id', '<=', eb.fn.coalesce('reached.cut_after', 'id')))
          .where('id', 'not in', (eb) => eb.selectFrom('lapsed').select('id')),
    );

const withScanned = (p: Clocked<ScanArguments>, range: Range) =>
  withLapses(p, oneNamespace(p.namespace))
    .with(
      (cte) => cte('addressed').materialized(),
      (query) =>
        query
          .selectFrom(
            unnest('addressed', {
              address: cast(p.addresses, 'text[]'),
              class: cast(p.classes, 'integer[]'),
              start: cast(p.starts, 'bigint[]'),
              project: cast(p.projects, 'text[]'),
              status: cast(p.statuses, 'text[]'),
            }),
          )
          .selectAll(),
    )
    .with(
      (cte) => cte('scanned').materialized(),
      (query) =>
        query
          .selectFrom('addressed')
          .crossJoinLateral((eb) =>
            eb
              .selectFrom(
                eb
                  .selectFrom('handoffs')
                  .select(scannedColumns)
                  .where('namespace', '=', p.namespace)
                  .where(addressee(range, 'handoffs'), '=', eb.ref('address'))
                  .where(place, '>', eb.ref('addressed.start'))
                  .$if(isOfProject(range), (rows) =>
                    rows.where(projectOf('handoffs'), '=', eb.ref('addressed.project')),
                  )
                  .$if(isInbox(range), (rows) => rows.where(storedStatus, '=', eb.ref('addressed.status').$notNull()))
                  .orderBy(place)
                  .limit(sql<number>`${cast(p.width, 'integer')} + 1`)
                  .as('found'),
              )
              .select(scannedColumns)
              .select(({ fn }) => fn.agg<number>('row_number').over().as('ordinal'))
              .as('part'),
          )
          .selectAll('part')
          .select('addressed.class'),
    );

/** The columns that the filters use. */
const scannedColumns = [
  'id',
  'session_id',
  'request_type',
  'status',
  'expires_at',
  'requesting_agent',
  'target_agent',
] as const;

/** The address of a handoff, in the words of the indexes of inboxes. @param handoff the name of a row */
export const addressOf = (handoff: string): RawBuilder<string> =>
  sql`coalesce(${columnsOf<HandoffsTable>(handoff)('target_agent')}, '')`;

/** The status of a row of `handoffs` as it is stored, in the words of the indexes that hold it. */
export const storedStatus: RawBuilder<string> = sql`(status collate "C")`;

/** The project of a handoff, in the words of the indexes of projects. @param handoff the name of a row */
export const projectOf = (handoff: string): RawBuilder<string> =>
  sql`coalesce(${columnsOf<HandoffsTable>(handoff)('project')}, '')`;

/** The column that an address is compared with, in the words of its index. */
const addressee = (range: Range, handoff: string): RawBuilder<string> =>
  isInbox(range) ? addressOf(handoff) : columnsOf<HandoffsTable>(handoff)('requesting_agent');

const isShownTo = (agent: Expression<string>, range: Range, handoff: string): RawBuilder<boolean> =>
  isInbox(range) ? isOpenTo(agent, handoff) : sql`true`;

/**
 * Whether an agent may claim an offer: not one that it made to a role. See `isOwnRoleOffer` in the domain.
 *
 * @param handoff the name of a row with the columns of `handoffs`
 */
export function isOpenTo(agent: Expression<string>, handoff: string): RawBuilder<boolean> {
  const column = columnsOf<HandoffsTable>(handoff);
  return sql`(${column('requesting_agent')} = ${agent} and ${column('target_agent')} like 'role:%') is not true`;
}
