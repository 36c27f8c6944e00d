import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HandoffPosition } from '../../ports/store.js';
import { cursorKind } from './cursor.js';
import { handoffCursors } from './handoff-cursor.js';
import { z } from 'zod';

const scope = ['default', 'implementer'];
const sender = fc.stringMatching(/^[\w-]{3}$/);

const classPosition = (largest: number) =>
  fc
    .record({
      upto: fc.nat(largest),
      behind: fc.array(fc.record({ sender, share: fc.double({ min: 0, max: 1, noNaN: true }) }), { maxLength: 4 }),
    })
    .map(({ upto, behind }) => ({
      upto,
      ...(behind.length > 0 && {
        behind: behind.map(({ sender: tag, share }) => ({ sender: tag, after: Math.floor(upto * share) })),
      }),
    }));

const positionUpTo = (largest: number): fc.Arbitrary<HandoffPosition> =>
  fc.oneof(fc.nat(largest), fc.array(classPosition(largest), { minLength: 3, maxLength: 3 }));

describe('a cursor of listHandoffs', () => {
  it('decodes to its position', () => {
    fc.assert(
      fc.property(positionUpTo(Number.MAX_SAFE_INTEGER), (position) => {
        expect(handoffCursors.decode(scope, handoffCursors.encode(scope, position))).toEqual(position);
      }),
    );
  });

  it('stays short in a database of ten million handoffs', () => {
    fc.assert(
      fc.property(positionUpTo(10_000_000), (position) => {
        expect(handoffCursors.encode(scope, position).length).toBeLessThanOrEqual(200);
      }),
    );
  });

  it('has the form that it had before positions had classes', () => {
    const old = cursorKind('listHandoffs', z.tuple([z.int()]));
    expect(handoffCursors.decode(scope, old.encode(scope, [7]))).toBe(7);
  });

  it.each(['zzzzzzzzzzzzzz.1.1', '5:aB36.1.1', '1.', ':', '1:ab', ''])('is refused with the position %j', (written) => {
    const forged = cursorKind('listHandoffs', z.tuple([z.string()])).encode(scope, [written]);
    expect(() => handoffCursors.decode(scope, forged)).toThrow(expect.objectContaining({ code: 'VALIDATION_ERROR' }));
  });
});
