import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { contextTypes, type Entry } from '../../model/entry.js';
import { jsonBytes, wholeEntryBytes } from './fit-entry.js';

const count = fc.nat({ max: Number.MAX_SAFE_INTEGER });

const entries: fc.Arbitrary<Entry> = fc.record(
  {
    sequence: count,
    contextType: fc.constantFrom(...contextTypes),
    agent: fc.stringMatching(/^[a-z0-9._@-]{1,128}$/),
    content: fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.integer({ min: 0, max: 0x7f }).map((code) => String.fromCodePoint(code)) }),
    ),
    contentBytes: count,
    estimatedTokens: count,
    metadata: fc.dictionary(fc.string(), fc.jsonValue()),
    pinned: fc.constant(true),
    createdAt: fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  },
  {
    requiredKeys: [
      'sequence',
      'contextType',
      'agent',
      'content',
      'contentBytes',
      'estimatedTokens',
      'metadata',
      'createdAt',
    ],
  },
);

it('counts the bytes of an entry as JSON.stringify writes it', () => {
  fc.assert(
    fc.property(entries, (entry) => {
      expect(wholeEntryBytes(entry)).toBe(jsonBytes(entry));
    }),
  );
});
