import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HandoffPosition } from '../../ports/store.js';
import { composePage, startOf, type ListedHandoff, type Page, type ScannedClass } from './inbox-page.js';

/** An offer in the simulated inbox. */
interface Offer extends ListedHandoff {
  readonly addressClass: number;
}

/** An inbox like that of an engine: it reads a bounded number of rows of each class, from a place on. */
class Inbox {
  readonly offers = new Set<Offer>();
  #lastPlace = 0;

  offer(sender: string, addressClass = 2): Offer {
    this.#lastPlace += 1;
    const offer = { place: this.#lastPlace, sender, addressClass };
    this.offers.add(offer);
    return offer;
  }

  /** An offer whose lapse is not stored yet has no place. */
  lapse(sender: string, addressClass: number): Offer {
    const offer = { place: Infinity, sender, addressClass };
    this.offers.add(offer);
    return offer;
  }

  lapsed(): Offer[] {
    return [...this.offers].filter(({ place }) => place === Infinity);
  }

  store(lapsed: Offer): Offer {
    this.offers.delete(lapsed);
    return this.offer(lapsed.sender, lapsed.addressClass);
  }

  page(after: HandoffPosition, limit: number, width = 1000): Page<Offer> {
    const scanned = [0, 1, 2].map((index) => this.#scan(index, startOf(after, index), width));
    const isCut = scanned.some((each) => each.isCut);
    const again = isCut ? [] : this.lapsed();
    const classes = scanned.map((each, index) => ({
      ...each,
      handoffs: [...each.handoffs, ...again.filter(({ addressClass }) => addressClass === index)],
    }));
    return composePage(classes, { after, limit, takesTurns: true });
  }

  #scan(index: number, start: number, width: number): ScannedClass<Offer> {
    const rows = [...this.offers]
      .filter(({ addressClass, place }) => addressClass === index && place > start && place !== Infinity)
      .toSorted((a, b) => a.place - b.place);
    const handoffs = rows.slice(0, width);
    return { handoffs, last: handoffs.at(-1)?.place ?? 0, isCut: rows.length > width };
  }
}

const places = (offers: readonly Offer[]): number[] => offers.map(({ place }) => place);

function fill(inbox: Inbox, count: number, sender: string, addressClass?: number): Offer[] {
  return Array.from({ length: count }, () => inbox.offer(sender, addressClass));
}

describe('a page of an inbox', () => {
  it('shows offers to the agent first, then to its roles, then to anyone', () => {
    const inbox = new Inbox();
    const anyone = fill(inbox, 30, 'flood');
    const role = inbox.offer('ann', 1);
    const own = [inbox.offer('bob', 0), inbox.offer('ann', 0)];
    const page = inbox.page(0, 20);
    expect(page.handoffs).toEqual([...own, role, ...anyone.slice(0, 17)]);
    expect(page.more).toBe(true);
    expect(inbox.page(page.next, 20)).toEqual({ handoffs: anyone.slice(17), next: 33, more: false });
  });

  it('shows a new offer to the agent while it pages through offers to anyone', () => {
    const inbox = new Inbox();
    fill(inbox, 40, 'flood');
    const { next } = inbox.page(0, 20);
    const own = inbox.offer('ann', 0);
    expect(inbox.page(next, 20).handoffs[0]).toBe(own);
  });

  it('shows other senders after one sender has had its turn', () => {
    const inbox = new Inbox();
    const flood = fill(inbox, 100, 'flood');
    const late = inbox.offer('ann');
    const first = inbox.page(0, 5);
    expect(first.handoffs).toEqual([...flood.slice(0, 4), late]);
    expect(inbox.page(first.next, 5).handoffs).toEqual(flood.slice(4, 9));
    const later = inbox.offer('bob');
    expect(inbox.page(first.next, 5).handoffs).toEqual([...flood.slice(4, 8), later]);
  });

  it('shows every sender before any a second time, also on pages of one', () => {
    const inbox = new Inbox();
    for (let round = 0; round < 20; round += 1) for (const sender of ['a', 'b', 'c']) inbox.offer(sender);
    inbox.offer('late');
    const senders: string[] = [];
    let after: HandoffPosition = 0;
    for (let page = 0; page < 7; page += 1) {
      const { handoffs, next } = inbox.page(after, 1);
      senders.push(...handoffs.map(({ sender }) => sender));
      after = next;
    }
    expect(senders.slice(0, 4)).toEqual(['a', 'b', 'c', 'late']);
  });

  it('ends at one place for all classes if nothing is left', () => {
    const inbox = new Inbox();
    inbox.offer('ann', 0);
    fill(inbox, 3, 'bob');
    expect(inbox.page(0, 20).next).toBe(4);
  });

  it('does not move its position past an offer whose lapse is not stored yet', () => {
    const inbox = new Inbox();
    const stored = inbox.offer('ann', 0);
    const lapsed = inbox.lapse('ann', 0);
    const anyone = inbox.offer('bob');
    const page = inbox.page(0, 20);
    expect(page.handoffs).toEqual([stored, lapsed, anyone]);
    expect(inbox.page(page.next, 20).handoffs).toEqual([lapsed]);
    const again = inbox.store(lapsed);
    expect(inbox.page(page.next, 20).handoffs).toEqual([again]);
  });
});

type Event =
  | { readonly kind: 'offer' | 'lapse'; readonly sender: string; readonly addressClass: number; readonly count: number }
  | { readonly kind: 'accept' | 'store'; readonly index: number }
  | { readonly kind: 'page'; readonly limit: number; readonly width: number };

const senders = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
const arriving = { sender: fc.constantFrom(...senders), addressClass: fc.constantFrom(0, 1, 2, 2) };
const anyEvent: fc.Arbitrary<Event> = fc.oneof(
  fc.record({ kind: fc.constant('offer' as const), ...arriving, count: fc.integer({ min: 1, max: 12 }) }),
  fc.record({ kind: fc.constant('lapse' as const), ...arriving, count: fc.constant(1) }),
  fc.record({ kind: fc.constantFrom('accept' as const, 'store' as const), index: fc.nat(60) }),
  fc.record({
    kind: fc.constant('page' as const),
    limit: fc.integer({ min: 1, max: 9 }),
    width: fc.constantFrom(2, 5, 1000),
  }),
);
const life = fc.array(anyEvent, { maxLength: 40 });

/** Plays random events in an inbox, then reads it to its end. */
class Reader {
  readonly inbox = new Inbox();
  readonly shown = new Set<Offer>();
  /** Stored offers that were shown more than once. */
  readonly repeated: Offer[] = [];
  after: HandoffPosition = 0;
  latest: readonly Offer[] = [];

  play(event: Event): void {
    switch (event.kind) {
      case 'page':
        this.page(event.limit, event.width);
        break;
      case 'offer':
      case 'lapse':
        for (let made = 0; made < event.count; made += 1) this.inbox[event.kind](event.sender, event.addressClass);
        break;
      case 'accept':
        this.#onOne(event.index, [...this.inbox.offers], (offer) => this.inbox.offers.delete(offer));
        break;
      case 'store':
        this.#onOne(event.index, this.inbox.lapsed(), (offer) => this.inbox.store(offer));
    }
  }

  #onOne(index: number, among: readonly Offer[], run: (offer: Offer) => void): void {
    const chosen = among[index % Math.max(1, among.length)];
    if (chosen !== undefined) run(chosen);
  }

  page(limit: number, width?: number): Page<Offer> {
    const page = this.inbox.page(this.after, limit, width);
    for (const offer of page.handoffs) {
      if (this.shown.has(offer) && offer.place !== Infinity) this.repeated.push(offer);
      this.shown.add(offer);
    }
    this.after = page.next;
    this.latest = page.handoffs;
    return page;
  }
}

describe('pages of any inbox', () => {
  it('show each offer that stays pending, and none twice once it is stored', () => {
    fc.assert(
      fc.property(life, fc.integer({ min: 1, max: 9 }), fc.constantFrom(2, 5, 1000), (events, limit, width) => {
        const reader = new Reader();
        for (const each of events) reader.play(each);
        for (const offer of reader.inbox.lapsed()) reader.inbox.store(offer);
        while (reader.page(limit, width).more);
        expect([...reader.inbox.offers].filter((offer) => !reader.shown.has(offer))).toEqual([]);
        expect(places(reader.repeated)).toEqual([]);
      }),
      { numRuns: 2000 },
    );
  });

  it('show all offers to the agent on the first page, if they fit', () => {
    fc.assert(
      fc.property(life, fc.integer({ min: 1, max: 40 }), (events, limit) => {
        const reader = new Reader();
        for (const each of events) if (each.kind !== 'page') reader.play(each);
        const own = [...reader.inbox.offers].filter(({ addressClass }) => addressClass === 0);
        fc.pre(own.length <= limit);
        const { handoffs } = reader.page(limit);
        expect(own.filter((offer) => !handoffs.includes(offer))).toEqual([]);
      }),
    );
  });

  it('show a class once nothing stored is left of the classes before it', () => {
    fc.assert(
      fc.property(life, (events) => {
        const reader = new Reader();
        for (const each of events) {
          reader.play(each);
          if (each.kind !== 'page') continue;
          const last = Math.max(0, ...reader.latest.map(({ addressClass }) => addressClass));
          const before = [...reader.inbox.offers].filter(
            ({ place, addressClass }) => place !== Infinity && addressClass < last,
          );
          expect(before.filter((offer) => !reader.shown.has(offer))).toEqual([]);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('show the offer of a sender before a second one of any busy sender', () => {
    const busy = fc.array(fc.constantFrom(...senders.slice(0, 4)), { maxLength: 150 });
    fc.assert(
      fc.property(busy, busy, fc.integer({ min: 1, max: 9 }), fc.nat(20), (before, after, limit, pages) => {
        const reader = new Reader();
        for (const sender of before) reader.inbox.offer(sender);
        for (let page = 0; page < pages; page += 1) reader.page(limit);
        const single = reader.inbox.offer('single');
        for (const sender of after) reader.inbox.offer(sender);
        const ahead: string[] = [];
        for (let isShown = false; !isShown;) {
          const { handoffs } = reader.page(limit);
          isShown = handoffs.includes(single);
          // Within a page the oldest comes first, so only earlier pages count.
          if (!isShown) ahead.push(...handoffs.map(({ sender }) => sender));
        }
        expect(ahead.length).toBe(new Set(ahead).size);
      }),
    );
  });

  it('end at positions that stay small', () => {
    fc.assert(
      fc.property(life, (events) => {
        const reader = new Reader();
        for (const each of events) reader.play(each);
        const classes = typeof reader.after === 'number' ? [] : reader.after;
        expect(Math.max(0, ...classes.map(({ behind = [] }) => behind.length))).toBeLessThanOrEqual(4);
      }),
    );
  });
});
