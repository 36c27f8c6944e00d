import type { ContextType, JsonObject, SessionState } from '@org/domain';
import { describe, expectTypeOf, it } from 'vitest';
import type { LeasedHandoffRow } from '../operations/handoffs/read-handoff.js';
import type { Scan } from '../operations/handoffs/scan-handoffs.js';
import type { EntryRow } from './entry-row.js';
import type { SessionRow } from './session-row.js';

describe('the rows of reads are inferred:', () => {
  it('times as epoch milliseconds, JSON as objects, and null where a column may be null', () => {
    expectTypeOf<SessionRow['state']>().toEqualTypeOf<SessionState>();
    expectTypeOf<SessionRow['created_at']>().toEqualTypeOf<number>();
    expectTypeOf<SessionRow['lease_expires_at']>().toEqualTypeOf<number | null>();
    expectTypeOf<SessionRow['participants']>().toEqualTypeOf<readonly string[]>();
    expectTypeOf<EntryRow['context_type']>().toEqualTypeOf<ContextType>();
    expectTypeOf<EntryRow['metadata']>().toEqualTypeOf<JsonObject>();
    expectTypeOf<EntryRow['content_cut']>().toEqualTypeOf<boolean>();
    expectTypeOf<LeasedHandoffRow['resolved_at']>().toEqualTypeOf<number | null>();
    expectTypeOf<LeasedHandoffRow>().not.toHaveProperty('owner');
  });

  it('values that the statement makes, such as JSON of several rows', () => {
    expectTypeOf<Scan['last_place']>().toEqualTypeOf<number>();
    expectTypeOf<Scan['expired']>().toEqualTypeOf<number[] | null>();
    expectTypeOf<NonNullable<Scan['classes']>[number]>().toEqualTypeOf<{
      class: number;
      last: number;
      cut_after: number | null;
    }>();
    expectTypeOf<NonNullable<Scan['oldest']>[number]>().toEqualTypeOf<LeasedHandoffRow>();
  });
});
