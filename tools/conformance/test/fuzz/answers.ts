import { RequestIdScanner } from '@org/mcp';
import { placeholder, liveNames } from './messages.js';

/** What is the server's own: places in its code, its SQL, its driver's words, and the codes of its own faults. */
const inner =
  /node_modules|\n\s+at |file:\/\/\/\S+\.[jt]s\b|Sqlite|SQLITE_|\b(?:select|insert|update|delete) .*\b(?:from|into|set|where)\b.*"|INTERNAL_ERROR|STORE_UNAVAILABLE|OVERLOADED/i;

/** Of what a server wrote to a client, or to its log. @throws Error when it tells of its inside */
export function expectDecent(text: string): void {
  const found = inner.exec(text);
  if (found === null) return;
  const around = text.slice(Math.max(0, found.index - 1000), found.index + 1000);
  throw new Error(`A server tells ${found[0].slice(0, 100)}: ${around}`);
}

/** @throws Error when a server takes the blame for what it was sent */
export function expectNoFault(answer: object, sent: string): void {
  const { error } = answer as { readonly error?: { readonly code?: unknown } };
  if (error?.code === -32_603) throw new Error(`An internal error: ${JSON.stringify(answer)}, to ${sent}`);
}

/** What must come back for a message. */
export interface Expected {
  /** Null: a refusal that names no request. */
  readonly id: string | number | null;
  /** False: it may also be that nothing comes. */
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

/** An id that may not be one is repeated all the same, but for one that is long. */
const isRequestId = (id: unknown): id is string | number =>
  typeof id === 'number' || (typeof id === 'string' && id.length <= 1000);

/** Of what is no JSON. */
function readableId(text: string): string | number | null {
  const scanner = new RequestIdScanner();
  scanner.push(Buffer.from(text));
  return scanner.id === undefined ? null : (JSON.parse(scanner.id) as string | number);
}

/** Undefined: no JSON. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Remembers what a server gave out, so that it can be sent back, changed or not. */
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
