import { isUtf8 } from 'node:buffer';
import { backslash, closeBrace, closeBracket, colon, comma, openBrace, openBracket, quote } from './json-bytes.js';

const space = 0x20;

/** Every answer repeats the id, so its length is limited. */
export const maxRequestIdLength = 1000;
/** Maximum number of bytes outside of strings to scan. A valid request has fewer. */
const maxScannedBytes = 256 * 1024;
/** The id, and the members that tell a request from a response. */
const scannedMembers: ReadonlySet<string> = new Set(['"id"', '"method"', '"result"', '"error"']);
const longestMemberName = '"method"'.length;

/**
 * Finds the id of a request that cannot be parsed, because it is malformed, too large, or not UTF-8. It takes the bytes in
 * pieces, and keeps no more than one top-level member of them.
 */
export class RequestIdScanner {
  #depth = 0;
  #isInString = false;
  #isEscaped = false;
  /** The top-level name or value that is being read. */
  #token: number[] = [];
  #name = '';
  /** The values of the scanned members that were found, by name. */
  readonly #found = new Map<string, string>();
  /** How many more bytes outside of strings to scan. */
  #bytesLeft = maxScannedBytes;

  push(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length && this.#bytesLeft > 0) {
      at = this.#isInString ? this.#readString(bytes, at) : this.#readTokens(bytes, at);
    }
  }

  /**
   * The id as it was written: the JSON text of a string or a number. Returns undefined if there is none, or if the message is
   * a response. The receiver chose a response's id, and would take an answer with it for the answer to another request.
   */
  get id(): string | undefined {
    const isResponse = !this.#found.has('"method"') && (this.#found.has('"result"') || this.#found.has('"error"'));
    const id = this.#found.get('"id"');
    return id !== undefined && !isResponse && isRequestId(id) ? id : undefined;
  }

  /** @returns the index after the end of the string, or of the bytes */
  #readString(bytes: Uint8Array, start: number): number {
    let at = this.#isEscaped ? start + 1 : start;
    while (at < bytes.length && bytes[at] !== quote) at += bytes[at] === backslash ? 2 : 1;
    this.#isEscaped = at > bytes.length;
    this.#isInString = at >= bytes.length;
    const end = Math.min(at + 1, bytes.length);
    this.#keep(bytes, start, end);
    return end;
  }

  /** @returns the index where the next string begins, or where the scan stopped */
  #readTokens(bytes: Uint8Array, start: number): number {
    let at = start;
    while (at < bytes.length && at - start < this.#bytesLeft && !this.#isInString) {
      this.#readToken(bytes, at);
      at += 1;
    }
    this.#bytesLeft -= at - start;
    return at;
  }

  #readToken(bytes: Uint8Array, at: number): void {
    switch (bytes[at]) {
      case openBrace:
      case openBracket:
        this.#depth += 1;
        break;
      case closeBrace:
      case closeBracket:
        if (this.#depth === 1) this.#endMember();
        this.#depth -= 1;
        break;
      case comma:
        if (this.#depth === 1) this.#endMember();
        break;
      case colon:
        if (this.#depth === 1) this.#endName();
        break;
      default:
        this.#isInString = bytes[at] === quote;
        if ((bytes[at] as number) > space) this.#keep(bytes, at, at + 1);
    }
  }

  /** Keeps one byte more than an id may have, which shows that it is too long. */
  #keep(bytes: Uint8Array, start: number, end: number): void {
    if (this.#depth !== 1) return;
    const free = maxRequestIdLength + 1 - this.#token.length;
    for (const byte of bytes.subarray(start, Math.min(end, start + free))) this.#token.push(byte);
  }

  #endName(): void {
    this.#name = this.#token.length <= longestMemberName ? String.fromCharCode(...this.#token) : '';
    this.#token = [];
    // The scan may stop within the value: that of a result can be of any size.
    if (scannedMembers.has(this.#name)) this.#found.set(this.#name, '');
  }

  #endMember(): void {
    if (scannedMembers.has(this.#name)) {
      const value = Buffer.from(this.#token);
      this.#found.set(this.#name, value.length <= maxRequestIdLength && isUtf8(value) ? value.toString('utf8') : '');
    }
    this.#name = '';
    this.#token = [];
  }
}

/** Finds the id of a message that was received whole. */
export function requestIdIn(message: Uint8Array): string | undefined {
  const scanner = new RequestIdScanner();
  scanner.push(message);
  return scanner.id;
}

function isRequestId(json: string): boolean {
  try {
    return ['string', 'number'].includes(typeof JSON.parse(json));
  } catch {
    return false;
  }
}
