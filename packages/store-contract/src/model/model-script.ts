import {
  contextTypes,
  handoffOutcomes,
  handoffStatuses,
  offerTypes,
  sessionStatuses,
  takeOverPolicies,
} from '@org/domain';
import * as fc from 'fast-check';
import { scriptAgents, scriptSessions, type Actor, type Command, type Relative, type Script } from './model-command.js';

/**
 * All durations and clock moves of a script are whole ticks. So a deadline has passed on both stores or on neither,
 * however slowly a store answers.
 */
export const tickMs = 600_000;

export const inMs = (ticks: number | undefined): number | undefined =>
  ticks === undefined ? undefined : ticks * tickMs;
/**
 * How far the clock may be set back. Less than an hour, because after that a store may write down an expiry for good.
 */
export const maxTicksBack = 5;

const scriptRoles = ['builder', 'tester'] as const;
const scriptProjects = ['ours', 'theirs'] as const;

/** Undefined once in `absence` times. */
const maybe = <T>(value: fc.Arbitrary<T>, absence = 3): fc.Arbitrary<T | undefined> =>
  fc.option(value, { nil: undefined, freq: absence });
/** Undefined four times out of five: each of these arguments makes refusals more likely. */
const rarely = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value });

const agent = fc.constantFrom(...scriptAgents);
const session = fc.oneof(
  { weight: 3, arbitrary: fc.constant(scriptSessions[0]) },
  { weight: 2, arbitrary: fc.constant(scriptSessions[1]) },
);
const relative = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Relative>(0) },
  { weight: 2, arbitrary: fc.constantFrom<Relative>(-1, 1) },
);
const actorOf = (...parts: Actor[]): fc.Arbitrary<Actor> =>
  fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...parts) }, { weight: 2, arbitrary: agent });
const writing = { actor: actorOf('owner'), key: rarely(fc.constantFrom('k1', 'k2')) };
const onHandoff = {
  ...writing,
  back: fc.oneof(fc.constant(0), fc.nat(4)),
  claimant: fc.constantFrom(undefined, undefined, 'first', 'first', 'second'),
};
const title = maybe(fc.constantFrom('one', 'two'), 2);
const project = fc.constantFrom(...scriptProjects);
const projects = maybe(
  fc.oneof(
    project.map((name) => [name, null]),
    fc.constant([null]),
    project.map((name) => [name]),
  ),
  2,
);
const ttlTicks = rarely(fc.integer({ min: 2, max: 9 }));
const kind = <Kind extends Command['kind']>(name: Kind): fc.Arbitrary<Kind> => fc.constant(name);

const weighted: fc.WeightedArbitrary<Command>[] = [
  {
    weight: 5,
    arbitrary: fc.record({
      kind: kind('create'),
      session,
      ...writing,
      ifExists: fc.constantFrom('resume', 'error'),
      title,
      project: maybe(project),
      ttlTicks,
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: kind('update'),
      session,
      ...writing,
      state: maybe(fc.constantFrom('active', 'active', 'completed', 'archived'), 2),
      title,
      project: maybe(fc.constantFrom(...scriptProjects, null), 2),
      ttlTicks,
      epoch: rarely(relative),
      version: rarely(relative),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: kind('delete'), session }) },
  {
    weight: 14,
    arbitrary: fc.record({
      kind: kind('append'),
      session,
      ...writing,
      contextType: fc.constantFrom(...contextTypes),
      pinned: fc.boolean(),
      epoch: rarely(relative),
      sequence: rarely(relative),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: kind('read'),
      session,
      direction: fc.constantFrom('ascending', 'descending'),
      types: maybe(fc.uniqueArray(fc.constantFrom(...contextTypes), { minLength: 1 })),
      after: fc.nat(6),
      before: maybe(fc.integer({ min: 1, max: 9 })),
      limit: fc.integer({ min: 1, max: 5 }),
      pageSize: maybe(fc.integer({ min: 1, max: 3 })),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: kind('mark'),
      session,
      actor: fc.constantFrom<Actor>('ann', 'owner'),
      sequence: maybe(fc.nat(3), 4),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: kind('logEnd'), session }) },
  { weight: 2, arbitrary: fc.record({ kind: kind('brief'), session, upto: maybe(fc.nat(3)) }) },
  {
    weight: 16,
    arbitrary: fc.record({
      kind: kind('offer'),
      session,
      ...writing,
      requestType: fc.constantFrom('full_handoff', 'full_handoff', ...offerTypes),
      target: maybe(fc.oneof(agent, fc.constantFrom(...scriptRoles.map((role) => `role:${role}`))), 2),
      expiresInTicks: fc.constantFrom(1, 3, 6, 20),
      epoch: rarely(relative),
      takeOverBy: fc.constant(undefined),
      callerProject: fc.constant(undefined),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: kind('offer'),
      session,
      ...writing,
      actor: agent,
      requestType: fc.constant('take_over' as const),
      target: rarely(agent),
      expiresInTicks: fc.constantFrom(1, 3, 6, 20),
      epoch: rarely(relative),
      takeOverBy: fc.constantFrom('namespace', 'namespace', ...takeOverPolicies),
      callerProject: maybe(project),
    }),
  },
  {
    weight: 18,
    arbitrary: fc.record({
      kind: kind('claim'),
      ...onHandoff,
      actor: actorOf(...scriptAgents, 'acceptor', 'requester', 'requester'),
      leaseTicks: maybe(fc.integer({ min: 1, max: 3 }), 2),
      takeOverAfterTicks: fc.constantFrom(1, 1, 2),
    }),
  },
  {
    weight: 11,
    arbitrary: fc.record({
      kind: kind('resolve'),
      ...onHandoff,
      actor: actorOf('acceptor', 'requester', 'owner'),
      key: fc.constantFrom(undefined, 'k1', 'k2'),
      outcome: fc.constantFrom(...handoffOutcomes),
      epoch: rarely(relative),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: kind('list'),
      agent,
      roles: fc.uniqueArray(fc.constantFrom(...scriptRoles)),
      direction: fc.constantFrom('inbox', 'inbox', 'outbox'),
      projects,
      status: fc.oneof(fc.constant('pending' as const), fc.constant(undefined), fc.constantFrom(...handoffStatuses)),
      limit: fc.integer({ min: 1, max: 4 }),
    }),
  },
  { weight: 6, arbitrary: fc.record({ kind: kind('listOn'), back: fc.nat(3), limit: fc.integer({ min: 1, max: 4 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: kind('sessions'),
      owner: maybe(agent),
      projects,
      status: maybe(fc.constantFrom(...sessionStatuses), 2),
      limit: fc.integer({ min: 1, max: 3 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: kind('note'),
      names: fc.uniqueArray(fc.constantFrom(...scriptAgents, 'role:builder'), { minLength: 1, maxLength: 2 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: kind('give'), session, agent, reason: maybe(fc.constant('it was lost')) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: kind('count') }) },
  { weight: 9, arbitrary: fc.record({ kind: kind('advance'), ticks: fc.constantFrom(1, 2, 3, 1, 2, 3, -1, -2) }) },
  { weight: 9, arbitrary: fc.record({ kind: kind('retry'), back: fc.oneof(fc.constant(0), fc.nat(6)) }) },
];

/** The longest script ends well within a day, for which a store keeps idempotency keys. */
const maxCommands = 45;

export const arbitraryScript: fc.Arbitrary<Script> = fc.record({
  sessionCount: fc.constantFrom(1, 2),
  commands: fc.array(fc.oneof(...weighted), { minLength: 1, maxLength: maxCommands, size: 'max' }),
});
