import { z } from 'zod';
import { InexactNumber } from './inexact-number.js';

const maxDepth = 64;

/**
 * Why a value cannot be stored as JSON text, or undefined when it can. Databases disagree on U+0000 and on lone
 * surrogates (one refuses the statement, another silently replaces the text), so both are refused here, before any of them.
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

/** Why a text cannot be stored, or undefined when it can. */
export function textProblem(text: string): string | undefined {
  if (text.includes('\0')) return 'contains the character U+0000';
  if (!text.isWellFormed()) return 'contains a lone surrogate (text that is not valid Unicode)';
  return undefined;
}

/** A text that every engine stores unchanged. `maxBytes` counts UTF-8. */
export function storableText(maxBytes?: number): z.ZodString {
  return z.string().check((context) => {
    const problem =
      maxBytes !== undefined && Buffer.byteLength(context.value) > maxBytes
        ? `is larger than ${maxBytes} bytes`
        : textProblem(context.value);
    if (problem !== undefined) context.issues.push({ code: 'custom', input: context.value, message: problem });
  });
}

/** A JSON object. */
export type JsonObject = Record<string, unknown>;

/** A JSON object that every engine stores unchanged. `maxBytes` counts its compact UTF-8 serialisation. */
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
