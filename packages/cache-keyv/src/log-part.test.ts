import { describe, expect, it } from 'vitest';
import {
  decodePart,
  encodePart,
  formatVersion,
  keptContentLength,
  pageKey,
  totalsKey,
  type KeptEntry,
  type LogPart,
} from './log-part.js';

const entry: KeptEntry = {
  sequence: 7,
  contextType: 'message',
  agent: 'planner',
  epoch: 2,
  pinned: true,
  createdAtMs: 1_700_000_000_000.25,
  contentBytes: 6,
  estimatedTokens: 3,
  contentCut: false,
  content: 'Grüße',
  metadata: '{"a":1}',
};
const page: LogPart = { entries: [entry, { ...entry, sequence: 8, metadata: '{}' }] };
const briefed: LogPart = { entries: [entry], totals: { pinnedCount: 5, estimatedTokens: 90 } };

describe('an encoded part', () => {
  it('has a fixed format for each version', () => {
    expect({
      version: formatVersion,
      keptContentLength,
      page: pageKey('uid', 16, entry),
      totals: totalsKey('uid', entry, { pinnedLimit: 20, maxContentLength: 7000 }),
      part: encodePart('key', briefed),
    }).toEqual({
      version: 'v1',
      keptContentLength: 24_576,
      page: 'uid:page:16:7.loyw3v28.9.6.3.2',
      totals: 'uid:totals:7.loyw3v28.9.6.3.2:k.5eg',
      part: '["key",[[7,"message","planner",2,true,1700000000000.25,6,3,false,"Grüße","{\\"a\\":1}"]],5,90]',
    });
  });

  it.each([page, briefed, { entries: [] }])('decodes to the part: %j', (part) => {
    expect(decodePart('key', encodePart('key', part))).toEqual(part);
  });

  it.each<[keyof KeptEntry, unknown]>([
    ['sequence', '7'],
    ['contextType', 'note'],
    ['agent', 1],
    ['epoch', -1],
    ['pinned', 1],
    ['createdAtMs', null],
    ['contentBytes', 0.5],
    ['estimatedTokens', 2 ** 53],
    ['contentCut', null],
    ['content', undefined],
    ['metadata', '[]'],
    ['metadata', 'null'],
    ['metadata', '{'],
    ['metadata', {}],
  ])('is refused when its %s is %j', (name, value) => {
    expect(decodePart('key', encodePart('key', { entries: [entry, { ...entry, [name]: value }] }))).toBeUndefined();
  });

  it('is refused under another key', () => {
    expect(decodePart('other', encodePart('key', page))).toBeUndefined();
  });

  it.each(['', 'null', '{}', '[]', '[[]]', '["key"]', '["key",{}]', '["key",[[]]]'])(
    'is refused when it is %s',
    (text) => {
      expect(decodePart('key', text)).toBeUndefined();
    },
  );

  it.each(['1', 'null,1', '1,-1', '1,1,1', '"1",1'])('is refused when it ends with %s', (totals) => {
    expect(decodePart('key', `["key",[],${totals}]`)).toBeUndefined();
  });
});
