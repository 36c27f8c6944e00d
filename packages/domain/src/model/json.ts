import { z } from 'zod';
import { InexactNumber } from './inexact-number.js';

const maxDepth = 64;

/**
 * Returns why a value cannot be stored as JSON, or undefined if it can. U+0000 and lone surrogates are refused here
 * because databases disagree on them: one refuses the statement, another silently replaces the text.
 */
export function jsonProblem(value: unknown, depth = 0): string | undefined {
  if (depth > maxDepth) return `is nested deeper than ${maxDepth} levels`;
  switch (typeof value) {
    case 'string':
      return textProblem(value);
    case 'boolean':
      return undefined;
    case 'number':
      return Number.isFinite(value) ? undefined : 'holds a number that is not finite';
    case 'object':
      return value === null ? undefined : containerProblem(value, depth);
    case 'undefined':
    case 'function':
    case 'symbol':
    case 'bigint':
      return `holds a ${typeof value}, which JSON has no form for`;
  }
}

function containerProblem(value: object, depth: number): string | undefined {
  if (value instanceof InexactNumber) return `holds ${value.problem}`;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (!Array.isArray(value) && prototype !== Object.prototype && prototype !== null) {
    return 'holds an object that is not plain JSON';
  }
  for (const [key, member] of Object.entries(value)) {
    const problem = textProblem(key) ?? jsonProblem(member, depth + 1);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** Returns why a text cannot be stored, or undefined if it can. */
export function textProblem(text: string): string | undefined {
  if (text.includes('\0')) return 'contains the character U+0000';
  if (!text.isWellFormed()) return 'contains a lone surrogate (text that is not valid Unicode)';
  return undefined;
}

/** Schema of a text that every engine stores unchanged. `maxBytes` counts UTF-8. */
export function storableText(maxBytes?: number): z.ZodString {
  return z.string().check((context) => {
    const problem =
      maxBytes !== undefined && Buffer.byteLength(context.value) > maxBytes
        ? `is larger than ${maxBytes} bytes`
        : textProblem(context.value);
    if (problem !== undefined) context.issues.push({ code: 'custom', input: context.value, message: problem });
  });
}

/** A JSON object, as programs record it: at most 64 levels deep, without U+0000 and lone surrogates. */
export type JsonObject = Record<string, unknown>;

/** Schema of a JSON object that every engine stores unchanged. `maxBytes` counts its compact JSON in UTF-8. */
export function storableObject(maxBytes: number): z.ZodRecord<z.ZodString, z.ZodUnknown> {
  return z.record(z.string(), z.unknown()).check((context) => {
    const problem =
      jsonProblem(context.value) ??
      (Buffer.byteLength(JSON.stringify(context.value)) > maxBytes
        ? `is larger than ${maxBytes} bytes as JSON`
        : undefined);
    if (problem !== undefined) context.issues.push({ code: 'custom', input: context.value, message: problem });
  });
}
