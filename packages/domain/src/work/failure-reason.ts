import { limits } from '../rules/limits.js';

/** Returns what a handler threw as the reason of a returned handoff: a text that every engine stores. */
export function failureReason(thrown: unknown): string {
  const said = thrown instanceof Error ? thrown.message || thrown.name : String(thrown);
  const text = said.toWellFormed().replaceAll('\0', '\ufffd');
  return cutToBytes(text === '' ? 'The handler failed.' : text, limits.reasonBytes);
}

/** Returns the longest beginning of a text within a number of UTF-8 bytes. Never splits a character. */
function cutToBytes(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= maxBytes) return text;
  const cut = new TextDecoder().decode(bytes.subarray(0, maxBytes - 3), { stream: true });
  return `${cut}…`;
}
