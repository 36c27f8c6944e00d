import type { CallToolResult, JSONRPCMessage } from '@modelcontextprotocol/server';
import type { ReportedError } from '../errors/report-error.js';

/** The same JSON twice: some clients show the model `structuredContent` only, and older clients know `content` only. */
export function toolResult(structuredContent: { [key: string]: unknown }): CallToolResult {
  return { content: [{ type: 'text', text: JSON.stringify(structuredContent) }], structuredContent };
}

/** A tool's failure is a result and not a protocol error, so that the model reads it and acts on it. */
export function toolErrorResult(error: ReportedError): CallToolResult {
  return { ...toolResult({ ...error }), isError: true };
}

/** Stands in place of the structured content while the rest of a message is serialized. */
const placeholder = 'structuredContent of this message';
const placeholderJson = JSON.stringify(placeholder);

/**
 * Serializes a message of this server as `JSON.stringify` does, but faster: of a result with structured content, the text
 * is the JSON already.
 */
export function serializeMessage(message: JSONRPCMessage): string {
  const result = 'result' in message ? message.result : undefined;
  const text = result === undefined ? undefined : textOf(result);
  if (text === undefined) return JSON.stringify(message);
  const json = JSON.stringify({ ...message, result: { ...result, structuredContent: placeholder } });
  // The text could hold the placeholder too, but not its closing quote, which would be escaped.
  const at = json.lastIndexOf(placeholderJson);
  return `${json.slice(0, at)}${text}${json.slice(at + placeholderJson.length)}`;
}

/** Returns the text of {@link toolResult}, or undefined if the result has no structured content. */
function textOf({ structuredContent, content }: Partial<CallToolResult>): string | undefined {
  const [part] = structuredContent === undefined ? [] : (content ?? []);
  return part?.type === 'text' ? part.text : undefined;
}
