import type { UseCaseInput, UseCaseName, UseCaseResult, useCases } from '@org/domain';
import { describe, expect, expectTypeOf, it } from 'vitest';
import type { z } from 'zod';
import {
  ContextStoreError,
  isContextStoreError,
  type Briefing,
  type Caller,
  type ContextStore,
  type ContextStoreErrorOf,
  type EntriesOptions,
  type Entry,
  type ErrorCode,
  type Handoff,
  type OffersOptions,
  type Session,
  type UpdateContextInput,
  type UpdateContextResult,
  type WorkEntry,
  type WorkOptions,
} from '../src/index.js';

/** The compiler checks these tests. */
describe('the types of a store', () => {
  it('name the arguments and the answer of each method', () => {
    expectTypeOf<ContextStore['updateContext']>().toEqualTypeOf<
      (input: UpdateContextInput) => Promise<UpdateContextResult>
    >();
    expectTypeOf<ContextStore['listSessions']>().toBeCallableWith();
    expectTypeOf<ContextStore['getBriefing']>().toBeCallableWith({ sessionKey: 'work' });
    // @ts-expect-error a caller is given by `as` alone
    expectTypeOf<ContextStore['getBriefing']>().toBeCallableWith({ sessionKey: 'work' }, {});
    // @ts-expect-error a mistyped argument
    expectTypeOf<ContextStore['getBriefing']>().toBeCallableWith({ sessionkey: 'work' });
    expectTypeOf<ContextStore>().toExtend<AsyncDisposable>();
  });

  it('are those of the schemas that check calls', () => {
    type Keys<T> = keyof T;
    type Names = UseCaseName;
    type Inputs = { [Name in Names]: Keys<z.input<(typeof useCases)[Name]['input']>> };
    type Results = { [Name in Names]: z.output<(typeof useCases)[Name]['result']> };
    expectTypeOf<{ [Name in Names]: Keys<UseCaseInput<Name>> }>().toEqualTypeOf<Inputs>();
    expectTypeOf<{ [Name in Names]: UseCaseResult<Name> }>().toEqualTypeOf<Results>();
    expectTypeOf<{ [Name in Names]: z.input<(typeof useCases)[Name]['input']> }>().toExtend<{
      [Name in Names]: UseCaseInput<Name>;
    }>();
  });

  it('of a view are those of a store', () => {
    expectTypeOf<ContextStore['as']>().toEqualTypeOf<(caller: Caller) => ContextStore>();
    expectTypeOf<ContextStore['as']>().toBeCallableWith({ agent: 'a', namespace: 'n', process: 'p' });
    // @ts-expect-error what only servers know
    expectTypeOf<ContextStore['as']>().toBeCallableWith({ requestId: 'r' });
  });

  it('of loops are those of what they yield', () => {
    expectTypeOf<ContextStore['offers']>().toEqualTypeOf<
      (options?: OffersOptions) => AsyncGenerator<Handoff, void, void>
    >();
    expectTypeOf<ContextStore['entries']>().toEqualTypeOf<
      (options: EntriesOptions) => AsyncGenerator<Entry, void, void>
    >();
    // @ts-expect-error a log belongs to a session
    expectTypeOf<ContextStore['entries']>().toBeCallableWith({ follow: true });
  });

  it('of a worker lead its handler', () => {
    const work: ContextStore['work'] = () => Promise.resolve();
    void work({ roles: ['builder'] }, async ({ handoff, session, briefing, append, signal }) => {
      expectTypeOf(handoff).toEqualTypeOf<Handoff>();
      expectTypeOf(session).toEqualTypeOf<Session>();
      expectTypeOf(briefing).toEqualTypeOf<Briefing>();
      expectTypeOf(append).parameters.toEqualTypeOf<[WorkEntry]>();
      expectTypeOf(append).returns.resolves.toEqualTypeOf<UpdateContextResult>();
      expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
      // @ts-expect-error the session is known
      await append({ sessionKey: 'work', contextType: 'message', content: 'a' });
      return { done: true };
    });
    void work({}, () => undefined);
    void work({}, async () => undefined);
    // @ts-expect-error a result is an object
    void work({}, () => 'done');
    // @ts-expect-error seconds, not milliseconds
    expectTypeOf<WorkOptions>().toHaveProperty('leaseMs');
  });
});

describe('isContextStoreError', () => {
  const conflict: unknown = new ContextStoreError('SEQUENCE_CONFLICT', 'The log moved on.', {
    sessionKey: 'work',
    expectedSequence: 1,
    lastSequence: 2,
  });

  it('tells codes apart, one or several', () => {
    expect(isContextStoreError(conflict)).toBe(true);
    expect(isContextStoreError(conflict, 'SEQUENCE_CONFLICT')).toBe(true);
    expect(isContextStoreError(conflict, 'VERSION_CONFLICT')).toBe(false);
    expect(isContextStoreError(conflict, 'VERSION_CONFLICT', 'SEQUENCE_CONFLICT')).toBe(true);
    expect(isContextStoreError(new Error('SEQUENCE_CONFLICT'))).toBe(false);
    // @ts-expect-error a mistyped code
    expect(isContextStoreError(conflict, 'SEQUENCE_CONFLIT')).toBe(false);
  });

  it('gives the details the type of their code', () => {
    const found = isContextStoreError(conflict, 'SEQUENCE_CONFLICT') ? conflict : undefined;
    expectTypeOf(found?.code).toEqualTypeOf<'SEQUENCE_CONFLICT' | undefined>();
    expectTypeOf(found?.details.lastSequence).toEqualTypeOf<number | undefined>();
    expectTypeOf<ContextStoreErrorOf<'SEQUENCE_CONFLICT'>>().toExtend<ContextStoreError>();
    expect(found?.details.lastSequence).toBe(2);
  });

  it('gives them the type of one of several codes, which the code tells apart', () => {
    const found = isContextStoreError(conflict, 'VERSION_CONFLICT', 'SEQUENCE_CONFLICT') ? conflict : undefined;
    expectTypeOf(found).toEqualTypeOf<ContextStoreErrorOf<'VERSION_CONFLICT' | 'SEQUENCE_CONFLICT'> | undefined>();
    const version = found?.code === 'VERSION_CONFLICT' ? found.details.version : found?.details.lastSequence;
    expectTypeOf(version).toEqualTypeOf<number | undefined>();
    expect(version).toBe(2);
  });

  it('leads a switch over all codes', () => {
    const found = isContextStoreError(conflict) ? conflict : undefined;
    expectTypeOf(found?.code).toEqualTypeOf<ErrorCode | undefined>();
    const size = found?.code === 'CONTENT_TOO_LARGE' ? found.details.contentBytes : undefined;
    expectTypeOf(size).toEqualTypeOf<number | undefined>();
    expect(size).toBeUndefined();
  });

  it('is served by a constructor that takes the details of its code alone', () => {
    // @ts-expect-error without the session
    expect(new ContextStoreError('SESSION_NOT_FOUND', 'No such session.').details).toEqual({});
    // @ts-expect-error of another code
    expect(new ContextStoreError('HANDOFF_NOT_FOUND', 'None.', { sessionKey: 'a' }).code).toBe('HANDOFF_NOT_FOUND');
    // @ts-expect-error it has none
    expect(new ContextStoreError('CANCELLED', 'Given up.', { sessionKey: 'a' }).code).toBe('CANCELLED');
    expect(new ContextStoreError('CANCELLED', 'Given up.').details).toEqual({});
  });
});
