import { isUtf8 } from 'node:buffer';

const [quote, backslash, comma, colon] = [0x22, 0x5c, 0x2c, 0x3a];
const [openBrace, closeBrace, openBracket, closeBracket] = [0x7b, 0x7d, 0x5b, 0x5d];
const space = 0x20;

/** Every answer repeats the id. */
export const longestRequestId = 1000;
/** More than a request that is served has outside of its texts: no more of one that is refused is looked at. */
const mostBytes = 256 * 1024;
/** The id, and the members that tell a request from a response. */
const telling: ReadonlySet<string> = new Set(['"id"', '"method"', '"result"', '"error"']);
const longestTelling = '"method"'.length;

/**
 * Finds the id of a request that cannot be read otherwise: it is broken, too large, or not UTF-8. Takes it in pieces, and
 * keeps of it no more than one member at its top.
 */
export class RequestIdScanner {
  #depth = 0;
  #isInText = false;
  #isEscaped = false;
  /** The name or value at the top that is being read. */
  #token: number[] = [];
  #name = '';
  /** What was found of the members that tell, by name. */
  readonly #found = new Map<string, string>();
  /** How many bytes outside of texts may follow. */
  #left = mostBytes;

  push(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length && this.#left > 0) {
      at = this.#isInText ? this.#readText(bytes, at) : this.#readMarks(bytes, at);
    }
  }

  /**
   * The id as it was written: the JSON text of a string or a number. Returns undefined if there is none, or if the message is
   * a response: its id is one of the receiver's own, and an answer to it would be taken for the answer to another request.
   */
  get id(): string | undefined {
    const isResponse = !this.#found.has('"method"') && (this.#found.has('"result"') || this.#found.has('"error"'));
    const id = this.#found.get('"id"');
    return id !== undefined && !isResponse && isRequestId(id) ? id : undefined;
  }

  /** @returns the place after the end of the text, or of the bytes */
  #readText(bytes: Uint8Array, start: number): number {
    let at = this.#isEscaped ? start + 1 : start;
    while (at < bytes.length && bytes[at] !== quote) at += bytes[at] === backslash ? 2 : 1;
    this.#isEscaped = at > bytes.length;
    this.#isInText = at >= bytes.length;
    const end = Math.min(at + 1, bytes.length);
    this.#keep(bytes, start, end);
    return end;
  }

  /** @returns the place where the next text begins, or where it stopped */
  #readMarks(bytes: Uint8Array, start: number): number {
    let at = start;
    while (at < bytes.length && at - start < this.#left && !this.#isInText) {
      this.#readMark(bytes, at);
      at += 1;
    }
    this.#left -= at - start;
    return at;
  }

  #readMark(bytes: Uint8Array, at: number): void {
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
        this.#isInText = bytes[at] === quote;
        if ((bytes[at] as number) > space) this.#keep(bytes, at, at + 1);
    }
  }

  /** A byte more than an id may have shows that it is too long. */
  #keep(bytes: Uint8Array, start: number, end: number): void {
    if (this.#depth !== 1) return;
    const free = longestRequestId + 1 - this.#token.length;
    for (const byte of bytes.subarray(start, Math.min(end, start + free))) this.#token.push(byte);
  }

  #endName(): void {
    this.#name = this.#token.length <= longestTelling ? String.fromCharCode(...this.#token) : '';
    this.#token = [];
  }

  #endMember(): void {
    if (telling.has(this.#name)) {
      const value = Buffer.from(this.#token);
      this.#found.set(this.#name, value.length <= longestRequestId && isUtf8(value) ? value.toString('utf8') : '');
    }
    this.#name = '';
    this.#token = [];
  }
}

/** Of a message that is there as a whole. */
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
