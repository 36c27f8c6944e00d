import { isExactNumber } from '@org/domain';
import { backslash, closeBrace, closeBracket, colon, comma, openBrace, openBracket, quote } from './json-bytes.js';

/** Tool arguments are three levels deep, in the `params` of the message. No tool has twenty of them. */
const argumentsDepth = 3;
const maxArguments = 1000;
/** A call may carry one JSON object of 64 KiB, in which each byte is at most one token. */
const maxTokens = 64 * 1024;
/** Such an object may be nested 64 levels deep. */
const maxLevels = 128;

/** What must be known of a JSON text before it is parsed. Meaningless if the text is not JSON. */
export interface JsonScan {
  /**
   * True if the text has more values, names or levels than any valid message. Tokens determine the cost of a message: a
   * mebibyte of them takes hundreds of times as long to parse, check and refuse as one string of that length.
   */
  readonly hasTooManyTokens: boolean;
  /** True if JavaScript would change one of the numbers. */
  readonly hasInexactNumber: boolean;
}

const tooManyTokens: JsonScan = { hasTooManyTokens: true, hasInexactNumber: false };

/** Counts the tokens of a JSON text and checks its numbers, in one pass that stops at the maximum number of tokens. */
export function scanJson(json: Buffer): JsonScan {
  let [depth, tokens, shallowCommas] = [0, 0, 0];
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
        tokens += 1;
        break;
      case closeBrace:
      case closeBracket:
        depth -= 1;
        break;
      case comma:
        tokens += 1;
        if (depth <= argumentsDepth) shallowCommas += 1;
        break;
      case colon:
        tokens += 1;
        break;
      default:
        if (isDigit(byte)) {
          const end = endOfNumber(json, at);
          hasInexactNumber ||= !isExact(json, at, end);
          at = end - 1;
        }
    }
    if (depth > maxLevels || tokens > maxTokens || shallowCommas > maxArguments) return tooManyTokens;
  }
  return { hasTooManyTokens: false, hasInexactNumber };
}

function endOfString(json: Buffer, start: number): number {
  let at = start + 1;
  while (at < json.length && json[at] !== quote) at += json[at] === backslash ? 2 : 1;
  return at;
}

const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39;
const isExponent = (byte: number | undefined): boolean => byte === 0x65 || byte === 0x45;
const isSignOrPoint = (byte: number): boolean => byte === 0x2b || byte === 0x2d || byte === 0x2e;

/** Returns the index after the last byte that can be part of the number. */
function endOfNumber(json: Buffer, start: number): number {
  let at = start + 1;
  for (; at < json.length; at += 1) {
    const byte = json[at] as number;
    if (!isDigit(byte) && !isExponent(byte) && !isSignOrPoint(byte)) break;
  }
  return at;
}

/** JavaScript represents every number with this many digits exactly, unless an exponent puts it out of range. */
const alwaysExactDigits = 15;

/** Parses the few numbers that may be inexact. The sign, which precedes `start`, makes no difference. */
function isExact(json: Buffer, start: number, end: number): boolean {
  let isPlain = end - start <= alwaysExactDigits;
  for (let at = start; isPlain && at < end; at += 1) isPlain = !isExponent(json[at]);
  return isPlain || isExactNumber(json.toString('latin1', start, end));
}
