import * as fc from 'fast-check';

/** Names that JavaScript objects inherit. */
export const inheritedName = fc.constantFrom(
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'valueOf',
  'then',
);

/** Limits of integer types, of doubles, and of this product. */
const edgeNumber = fc.constantFrom(
  '0',
  '-0',
  '1',
  '-1',
  '1.5',
  '1e3',
  '2147483648',
  '9007199254740992',
  '9007199254740993',
  '1546130668394913822',
  '0.12345678901234567890',
  '9223372036854775808',
  '1e308',
  '1e999',
  '-1e999',
  '5e-324',
);

/** What a string may hold that a database, a log or a parser may not take: also halves of characters, and no text at all. */
const edgeString = fc.constantFrom(
  '""',
  '" "',
  String.raw`"\u0000"`,
  String.raw`"a\u0000b"`,
  String.raw`"\ud800"`,
  String.raw`"\udfff\ud800"`,
  String.raw`"\ufeff"`,
  String.raw`"\r\n\t\b"`,
  String.raw`"\u202e\u2028"`,
  '"%00%ff%"',
  `"'; --"`,
  '"../../etc/passwd"',
  '"${x}{{x}}"',
  '"role:"',
  '"😀"',
);

/** Brackets or objects inside each other, deeper than a recursive reader can follow. */
const nested = fc
  .tuple(fc.constantFrom(['[', ']'], ['{"a":', '}']), fc.constantFrom(10, 100, 1000, 10_000, 100_000))
  .map(([[open, close], depth]) => `${open?.repeat(depth)}1${close?.repeat(depth)}`);

/** Long runs of one character, on which a bad regular expression backtracks, between two letters. */
const long = fc
  .tuple(
    fc.constantFrom('a', '日', String.raw`\u0001`, '0 ', ' ', '-', '/', '`', '%41', '{a', 'eyJ-'),
    fc.constantFrom(100, 1000, 10_000, 200_000, 400_000),
  )
  .map(([unit, count]) => `"a${unit.repeat(count)}a"`);

const many = fc
  .constantFrom(1000, 50_000)
  .chain((count) =>
    fc.constantFrom(
      `[${'0,'.repeat(count)}0]`,
      `{${Array.from({ length: count }, (_, index) => `"k${index}":0`).join(',')}}`,
    ),
  );

/** The text of any JSON value, often an awkward one. */
export const jsonText: fc.Arbitrary<string> = fc.oneof(
  { weight: 6, arbitrary: fc.jsonValue({ maxDepth: 3, stringUnit: 'binary' }).map((value) => JSON.stringify(value)) },
  { weight: 6, arbitrary: edgeString },
  { weight: 4, arbitrary: edgeNumber },
  { weight: 3, arbitrary: fc.constantFrom('null', 'true', 'false', '[]', '{}', '[null]', '{"":null}') },
  { weight: 2, arbitrary: inheritedName.map((name) => `{"${name}":{"${name}":1}}`) },
  { weight: 1, arbitrary: nested },
  { weight: 1, arbitrary: long },
  { weight: 1, arbitrary: many },
);

/** The text of an object, member by member; a key may come twice. */
export const objectText = (members: readonly (readonly [string, string])[]): string =>
  `{${members.map(([key, value]) => `${JSON.stringify(key)}:${value}`).join(',')}}`;
