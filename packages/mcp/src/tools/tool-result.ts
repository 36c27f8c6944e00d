import type { CallToolResult } from '@modelcontextprotocol/server';
import type { ReportedError } from '../errors/report-error.js';

/** The same JSON twice: some clients show the model `structuredContent` only, and older clients know `content` only. */
export function toolResult(structuredContent: { [key: string]: unknown }): CallToolResult {
  return { content: [{ type: 'text', text: JSON.stringify(structuredContent) }], structuredContent };
}

/** A tool's failure is a result and not a protocol error, so that the model reads it and acts on it. */
export function toolErrorResult(error: ReportedError): CallToolResult {
  return { ...toolResult({ ...error }), isError: true };
}
