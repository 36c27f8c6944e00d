import { createHash } from 'node:crypto';
import { roleAddress } from '../../model/names.js';
import type { ClassPosition, HandoffPosition, Inbox } from '../../ports/store.js';

/** The most senders that take turns in a class. Cursors name them, so they are few. */
const sendersInTurn = 4;

/** The classes of an inbox: offers to the agent (0), to its roles and its former name (1), and to anyone (2). */
export const inboxClasses = [0, 1, 2] as const;

/** Returns the class of an offer in the agent's inbox. @param target null or undefined for anyone */
export const inboxClassOf = (target: string | null | undefined, agent: string): (typeof inboxClasses)[number] =>
  target === agent ? 0 : (target ?? null) === null ? 2 : 1;

/** Returns the addresses of class 1, each once: the agent's roles and its former name. */
export const addressesBeside = ({
  agent,
  roles,
  formerName = agent,
}: Pick<Inbox, 'agent' | 'roles' | 'formerName'>): readonly string[] => [
  ...new Set(roles.map(roleAddress)),
  ...(formerName === agent ? [] : [formerName]),
];

const classPosition = (position: HandoffPosition, classIndex: number): ClassPosition =>
  typeof position === 'number' ? { upto: position } : (position[classIndex] ?? { upto: 0 });

/** Returns the place after which a class must be read. Some of what follows may have been shown already. */
export function startOf(position: HandoffPosition, classIndex: number): number {
  const { upto, behind = [] } = classPosition(position, classIndex);
  return Math.min(upto, ...behind.map(({ after }) => after));
}

/** Returns the greatest place that a position has reached. */
export const reachedBy = (position: HandoffPosition): number =>
  typeof position === 'number' ? position : Math.max(0, ...position.map(({ upto }) => upto));

/** What a page must know about a listed handoff. */
export interface ListedHandoff {
  /** Infinity if it is pending again by a lapse that is not stored yet: it follows all stored offers. */
  readonly place: number;
  readonly sender: string;
}

/** The part of a class that was read, from {@link startOf} on. */
export interface ScannedClass<Handoff extends ListedHandoff> {
  /** The handoffs that match the list's filters, by ascending place. */
  readonly handoffs: readonly Handoff[];
  /** The last place that was read, or 0 if there was none. */
  readonly last: number;
  /** Whether stored rows follow `last`. */
  readonly isCut: boolean;
}

export interface PageRequest {
  readonly after: HandoffPosition;
  readonly limit: number;
  /** Whether senders take turns. If not, the oldest come first. */
  readonly takesTurns: boolean;
}

export interface Page<Handoff> {
  readonly handoffs: readonly Handoff[];
  readonly next: HandoffPosition;
  readonly more: boolean;
}

/**
 * Chooses the handoffs of a page: class by class, each oldest first. If a class has more than fit, its senders take
 * turns: a sender that had its turn waits until each other sender has had one. The page ends after a class that was not
 * read to its end, so it may be short. Handoffs that it leaves out come after its position, so no handoff is lost.
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
  // If nothing is left, every class has been read up to the greatest place.
  return { handoffs: shown, next: more && !isEven ? parts.map(({ next }) => next) : reached, more };
}

interface Part<Handoff> {
  readonly shown: readonly Handoff[];
  readonly next: ClassPosition;
  readonly more: boolean;
}

/** A handoff that has not been shown yet. */
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
  /** All rows of the class are known up to this place. */
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

/** Returns the senders of more than one handoff, those with the most first. None if there is only one sender. */
function busySenders(waiting: readonly Waiting<ListedHandoff>[]): string[] {
  const bySender = Map.groupBy(waiting, ({ tag }) => tag);
  if (bySender.size === 1) return [];
  return [...bySender]
    .filter(([, { length }]) => length > 1)
    .toSorted(([, one], [, another]) => another.length - one.length)
    .map(([tag]) => tag);
}

/** Orders by turns: the first handoff of each of `senders`, then the second, … All others come with the first. */
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

/** Returns a function that gives senders short tags for cursors. Two senders with one tag share their turns. */
function taggingSenders(): (sender: string) => string {
  const tags = new Map<string, string>();
  return (sender) => {
    const tag = tags.get(sender) ?? createHash('sha256').update(sender).digest('base64url').slice(0, 3);
    tags.set(sender, tag);
    return tag;
  };
}
