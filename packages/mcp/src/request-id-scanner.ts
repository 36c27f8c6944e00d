import { isUtf8 } from 'node:buffer';

const [quote, backslash, comma, colon] = [0x22, 0x5c, 0x2c, 0x3a];
const [openBrace, closeBrace, openBracket, closeBracket] = [0x7b, 0x7d, 0x5b, 0x5d];

/** The members that tell a request from a response. */
const telling: ReadonlySet<string> = new Set(['"method"', '"result"', '"error"']);

/** Every answer repeats the id. */
export const longestRequestId = 1000;

/**
 * Finds the id of a request that cannot be read otherwise: it is broken, too large, or not UTF-8. Takes it in pieces, and
 * keeps nothing of it but the members at its top.
 */
export class RequestIdScanner {
  #depth = 0;
  #isInText = false;
  #isEscaped = false;
  /** The name or value at the top of the message that is being read. */
  #token: number[] = [];
  #name = '';
  readonly #names = new Set<string>();
  #id: string | undefined;

  push(bytes: Uint8Array): void {
    for (const byte of bytes) this.#take(byte);
  }

  /**
   * The id as it was written: the JSON text of a string or a number. Returns undefined if there is none, or if the message is
   * a response: its id is one of the receiver's own, and an answer to it would be taken for the answer to another request.
   */
  get id(): string | undefined {
    const isResponse = !this.#names.has('"method"') && (this.#names.has('"result"') || this.#names.has('"error"'));
    return isResponse ? undefined : this.#id;
  }

  #take(byte: number): void {
    if (this.#isInText) {
      this.#keep(byte);
      if (this.#isEscaped) this.#isEscaped = false;
      else if (byte === backslash) this.#isEscaped = true;
      else if (byte === quote) this.#isInText = false;
      return;
    }
    switch (byte) {
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
        if (this.#depth === 1) this.#name = this.#takeToken();
        break;
      default:
        this.#isInText = byte === quote;
        this.#keep(byte);
    }
  }

  /** A byte more than an id may have shows that it is too long. */
  #keep(byte: number): void {
    if (this.#depth === 1 && this.#token.length <= longestRequestId) this.#token.push(byte);
  }

  #takeToken(): string {
    const token = Buffer.from(this.#token);
    this.#token = [];
    return token.length <= longestRequestId && isUtf8(token) ? token.toString('utf8').trim() : '';
  }

  #endMember(): void {
    const value = this.#takeToken();
    if (this.#name === '"id"') this.#id = isRequestId(value) ? value : undefined;
    if (telling.has(this.#name)) this.#names.add(this.#name);
    this.#name = '';
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
