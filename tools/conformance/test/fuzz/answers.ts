import { RequestIdScanner } from '@org/mcp';
import { placeholder, liveNames } from './messages.js';

/** Internals of a server: paths of its code, SQL, messages of its drivers, and the error codes of its faults. */
const inner =
  /node_modules|\n\s+at |file:\/\/\/\S+\.[jt]s\b|Sqlite|SQLITE_|\b(?:select|insert|update|delete) .*\b(?:from|into|set|where)\b.*"|INTERNAL_ERROR|STORE_UNAVAILABLE|OVERLOADED/i;

/** Checks what a server wrote to a client or to its log. @throws Error if it reveals internals */
export function expectDecent(text: string): void {
  const found = inner.exec(text);
  if (found === null) return;
  const around = text.slice(Math.max(0, found.index - 1000), found.index + 1000);
  throw new Error(`A server tells ${found[0].slice(0, 100)}: ${around}`);
}

/** @throws Error if a server reports an internal error for a bad message */
export function expectNoFault(answer: object, sent: string): void {
  const { error } = answer as { readonly error?: { readonly code?: unknown } };
  if (error?.code === -32_603) throw new Error(`An internal error: ${JSON.stringify(answer)}, to ${sent}`);
}

/** The answer that a message must get. */
export interface Expected {
  /** Null if the refusal names no request. */
  readonly id: string | number | null;
  /** If false, the server may also send no answer. */
  readonly isSure: boolean;
}

/** JSON-RPC 2.0, sections 4 and 5, as far as MCP goes: no batches, and an id is a string or an integer. */
export function expectedAnswer(text: string): Expected | undefined {
  if (text.trim() === '') return undefined;
  const value = parsed(text);
  if (value === undefined) return { id: readableId(text), isSure: true };
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { id: null, isSure: true };
  const { jsonrpc, id, method } = value as Record<string, unknown>;
  const isResponse = method === undefined && ('result' in value || 'error' in value);
  const isNotification = jsonrpc === '2.0' && typeof method === 'string' && id === undefined;
  return { id: isRequestId(id) && !isResponse ? id : null, isSure: !isResponse && !isNotification };
}

/** Servers repeat an invalid id too, unless it is long. */
const isRequestId = (id: unknown): id is string | number =>
  typeof id === 'number' || (typeof id === 'string' && id.length <= 1000);

/** The answer to a text that is not JSON. */
function readableId(text: string): string | number | null {
  const scanner = new RequestIdScanner();
  scanner.push(Buffer.from(text));
  return scanner.id === undefined ? null : (JSON.parse(scanner.id) as string | number);
}

/** Returns undefined if the text is not JSON. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Remembers ids and cursors from answers, so that later messages send them, changed or unchanged. */
export class LiveValues {
  readonly #values = new Map<string, string>();

  learn(answer: string): void {
    for (const name of liveNames) {
      const [, value] = new RegExp(String.raw`"(?:next)?${name}":"([^"\\]+)"`, 'i').exec(answer) ?? [];
      if (value !== undefined) this.#values.set(name, value);
    }
  }

  fillIn(text: string): string {
    let filled = text;
    for (const name of liveNames) filled = filled.replaceAll(placeholder(name), this.#values.get(name) ?? 'none');
    return filled;
  }
}
