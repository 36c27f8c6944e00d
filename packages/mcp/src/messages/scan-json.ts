import { isExactNumber } from '@org/domain';

const [quote, backslash] = [0x22, 0x5c];
const [comma, colon] = [0x2c, 0x3a];
const [openBrace, closeBrace] = [0x7b, 0x7d];
const [openBracket, closeBracket] = [0x5b, 0x5d];

/** Arguments lie three levels deep, in the `params` of the message. No tool has twenty of them. */
const argumentsDepth = 3;
const mostArguments = 1000;
/** A call may carry one JSON object of 64 KiB, and no byte of that counts twice. */
const mostMarks = 64 * 1024;
/** Such an object may be nested 64 levels deep. */
const mostLevels = 128;

/** What a JSON text holds, as far as it must be known before it is parsed. Of a text that is no JSON, it means nothing. */
export interface JsonScan {
  /**
   * Whether it has more values, names or levels than any message that is served. They are what a message costs: a mebibyte of
   * them takes hundreds of times as long to parse, check and refuse as one string of that length.
   */
  readonly isTooIntricate: boolean;
  /** Whether JavaScript would change one of its numbers. */
  readonly hasInexactNumber: boolean;
}

const tooIntricate: JsonScan = { isTooIntricate: true, hasInexactNumber: false };

/** Looks at every mark and number of a JSON text once, no further than there may be marks. */
export function scanJson(json: Buffer): JsonScan {
  let [depth, marks, near] = [0, 0, 0];
  let hasInexactNumber = false;
  for (let at = 0; at < json.length; at += 1) {
    const byte = json[at] as number;
    switch (byte) {
      case quote:
        at = endOfString(json, at);
        break;
      case openBrace:
      case openBracket:
        depth += 1;
        marks += 1;
        break;
      case closeBrace:
      case closeBracket:
        depth -= 1;
        break;
      case comma:
        marks += 1;
        if (depth <= argumentsDepth) near += 1;
        break;
      case colon:
        marks += 1;
        break;
      default:
        if (isDigit(byte)) {
          const end = endOfNumber(json, at);
          hasInexactNumber ||= !isExact(json, at, end);
          at = end - 1;
        }
    }
    if (depth > mostLevels || marks > mostMarks || near > mostArguments) return tooIntricate;
  }
  return { isTooIntricate: false, hasInexactNumber };
}

function endOfString(json: Buffer, start: number): number {
  let at = start + 1;
  while (at < json.length && json[at] !== quote) at += json[at] === backslash ? 2 : 1;
  return at;
}

const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39;
const isExponent = (byte: number | undefined): boolean => byte === 0x65 || byte === 0x45;
const isSignOrPoint = (byte: number): boolean => byte === 0x2b || byte === 0x2d || byte === 0x2e;

/** The place after the last byte that can belong to a number. */
function endOfNumber(json: Buffer, start: number): number {
  let at = start + 1;
  for (; at < json.length; at += 1) {
    const byte = json[at] as number;
    if (!isDigit(byte) && !isExponent(byte) && !isSignOrPoint(byte)) break;
  }
  return at;
}

/** JavaScript holds every number of so many digits, unless an exponent puts it out of range. */
const surelyExactDigits = 15;

/** Looks closer at the few numbers that may not be: the sign makes no difference. */
function isExact(json: Buffer, start: number, end: number): boolean {
  let isPlain = end - start <= surelyExactDigits;
  for (let at = start; isPlain && at < end; at += 1) isPlain = !isExponent(json[at]);
  return isPlain || isExactNumber(json.toString('latin1', start, end));
}
