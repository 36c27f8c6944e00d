import { createHash } from 'node:crypto';
import type { ClassPosition, HandoffPosition } from '../../ports/store.js';

/** How many busy senders a class tells apart. Cursors name them, so they are few. */
const sendersInTurn = 4;

/** The classes of an inbox: what is offered to the agent (0), to its roles (1), and to anyone (2). */
export const inboxClasses = [0, 1, 2] as const;

/** @param target null or undefined: anyone */
export const inboxClassOf = (target: string | null | undefined, agent: string): (typeof inboxClasses)[number] =>
  target === agent ? 0 : (target ?? null) === null ? 2 : 1;

const classPosition = (position: HandoffPosition, classIndex: number): ClassPosition =>
  typeof position === 'number' ? { upto: position } : (position[classIndex] ?? { upto: 0 });

/** The place after which a class has to be read. Some of what follows may have been shown already. */
export function startOf(position: HandoffPosition, classIndex: number): number {
  const { upto, behind = [] } = classPosition(position, classIndex);
  return Math.min(upto, ...behind.map(({ after }) => after));
}

/** The greatest place that a position has come to. */
export const reachedBy = (position: HandoffPosition): number =>
  typeof position === 'number' ? position : Math.max(0, ...position.map(({ upto }) => upto));

/** What a page needs to know of a handoff that the list shows. */
export interface ListedHandoff {
  /** Infinity: it is pending again by a lapse that is not stored yet, so it follows all that is stored. */
  readonly place: number;
  readonly sender: string;
}

/** What was read of a class, from {@link startOf} on. */
export interface ScannedClass<Handoff extends ListedHandoff> {
  /** What the list shows of it, by ascending place. */
  readonly handoffs: readonly Handoff[];
  /** The last place looked at; 0: nothing was there. */
  readonly last: number;
  /** Whether stored rows follow after `last`. */
  readonly isCut: boolean;
}

export interface PageRequest {
  readonly after: HandoffPosition;
  readonly limit: number;
  /** Whether senders take turns. Otherwise the oldest come first, from any sender. */
  readonly takesTurns: boolean;
}

export interface Page<Handoff> {
  readonly handoffs: readonly Handoff[];
  readonly next: HandoffPosition;
  readonly more: boolean;
}

/**
 * Chooses what a page shows: one class after the other, each oldest first. If a class has more than fits, its senders take
 * turns: a sender that has had its turn waits until each other sender has had one. After a class that was not read to its
 * end, the page ends, and may be short.
 *
 * Pages lose nothing: what a page leaves out comes after the position that it ends at.
 */
export function composePage<Handoff extends ListedHandoff>(
  classes: readonly ScannedClass<Handoff>[],
  { after, limit, takesTurns }: PageRequest,
): Page<Handoff> {
  const shown: Handoff[] = [];
  let left = limit;
  const parts = classes.map((scanned, index) => {
    const part = takePart(scanned, classPosition(after, index), left, takesTurns);
    shown.push(...part.shown);
    left = scanned.isCut ? 0 : left - part.shown.length;
    return part;
  });
  const more = parts.some((part) => part.more);
  const reached = Math.max(...parts.map(({ next }) => next.upto));
  const isEven = parts.every(({ next }) => next.upto === reached && next.behind === undefined);
  // When nothing is left, everything up to the greatest place has been looked at, in every class.
  return { handoffs: shown, next: more && !isEven ? parts.map(({ next }) => next) : reached, more };
}

interface Part<Handoff> {
  readonly shown: readonly Handoff[];
  readonly next: ClassPosition;
  readonly more: boolean;
}

/** A handoff that was not shown yet. */
interface Waiting<Handoff> {
  readonly handoff: Handoff;
  readonly tag: string;
}

function takePart<Handoff extends ListedHandoff>(
  { handoffs, last, isCut }: ScannedClass<Handoff>,
  { upto, behind = [] }: ClassPosition,
  limit: number,
  takesTurns: boolean,
): Part<Handoff> {
  const shownBefore = new Map(behind.map(({ sender, after }) => [sender, after]));
  const tagOf = taggingSenders();
  const waiting = handoffs
    .map((handoff) => ({ handoff, tag: tagOf(handoff.sender) }))
    .filter(({ handoff, tag }) => handoff.place > (shownBefore.get(tag) ?? upto));
  const inTurn = new Set([
    ...shownBefore.keys(),
    ...(takesTurns && waiting.length > limit ? busySenders(waiting) : []),
  ]);
  const senders = [...inTurn].slice(0, sendersInTurn);

  const chosen = new Set(byTurns(waiting, senders, shownBefore).slice(0, limit));
  const shown = waiting.filter((each) => chosen.has(each));
  const left = waiting.filter((each) => !chosen.has(each));
  const lastShown = new Map([...shownBefore, ...shown.filter(isStored).map(placeOfSender)]);
  const hasLeft = new Set(left.filter(isStored).map(({ tag }) => tag));
  /** Up to here all rows of the class are known. */
  const end = isCut ? last : Infinity;
  const nextBehind = senders.flatMap((sender) => {
    const after = lastShown.get(sender);
    if (after === undefined) return [];
    if (hasLeft.has(sender)) return [{ sender, after }];
    return shownBefore.has(sender) && end < upto ? [{ sender, after: Math.max(after, end) }] : [];
  });
  const reached = left.length === 0 ? last : Math.max(0, ...shown.filter(isStored).map(({ handoff }) => handoff.place));
  return {
    shown: shown.map(({ handoff }) => handoff),
    next: { upto: Math.max(upto, reached), ...(nextBehind.length > 0 && { behind: nextBehind }) },
    more: isCut || left.length > 0,
  };
}

const isStored = ({ handoff }: Waiting<ListedHandoff>): boolean => handoff.place !== Infinity;

const placeOfSender = ({ tag, handoff }: Waiting<ListedHandoff>) => [tag, handoff.place] as const;

/** The senders of more than one handoff, those of most first. A sender that is alone has to let no other pass. */
function busySenders(waiting: readonly Waiting<ListedHandoff>[]): string[] {
  const bySender = Map.groupBy(waiting, ({ tag }) => tag);
  if (bySender.size === 1) return [];
  return [...bySender]
    .filter(([, { length }]) => length > 1)
    .toSorted(([, one], [, another]) => another.length - one.length)
    .map(([tag]) => tag);
}

/** The first of each sender, oldest first, then the second of each, and so on. Senders that are not named have no second. */
function byTurns<Handoff>(
  waiting: readonly Waiting<Handoff>[],
  senders: readonly string[],
  shownBefore: ReadonlyMap<string, number>,
): Waiting<Handoff>[] {
  const turns = new Map(senders.map((sender) => [sender, shownBefore.has(sender) ? 1 : 0]));
  return waiting
    .map((each) => {
      const turn = turns.get(each.tag);
      if (turn !== undefined) turns.set(each.tag, turn + 1);
      return { each, turn: turn ?? 0 };
    })
    .toSorted((one, another) => one.turn - another.turn)
    .map(({ each }) => each);
}

/** Short names for cursors. Two senders of one tag take their turns as one: nothing else depends on it. */
function taggingSenders(): (sender: string) => string {
  const tags = new Map<string, string>();
  return (sender) => {
    const tag = tags.get(sender) ?? createHash('sha256').update(sender).digest('base64url').slice(0, 3);
    tags.set(sender, tag);
    return tag;
  };
}
