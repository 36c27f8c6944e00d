import { z } from 'zod';
import { recordedNote } from '../../model/recorded-note.js';
import { bytesWithin } from '../text/estimate-tokens.js';
import { jsonBytes } from './fit-entry.js';
import { limits } from '../limits.js';

/** The argument `maxTokens`: the estimated tokens of the whole answer as JSON. */
export const answerBudget = (defaultTokens: number, minTokens: number = limits.minTokens): z.ZodDefault<z.ZodInt> =>
  z.int().min(minTokens).max(limits.maxTokens).default(defaultTokens);

/** The most bytes that a session or a handoff takes without its free texts and objects. */
export const smallestRecordBytes = 1100;

/** What the session or handoff takes that a change answers with: its caller has just sent what is large in it. */
export const changedRecordBytes = bytesWithin(500);

/** Longer than any cursor. */
const cursorBytes = 220;

/** The bytes that an answer leaves for its records, beside the note, a cursor and `fields`. */
export const bytesForRecords = (maxTokens: number, fields: object): number =>
  bytesWithin(maxTokens) - jsonBytes({ note: recordedNote, ...fields }) - cursorBytes;

/**
 * How a list of sessions or handoffs shares its budget: each record gets the same number of bytes, so a call with
 * `limit: 1` gives all of it to one. More records than the budget can hold are left to the next page.
 */
export function shareAmong(limit: number, bytes: number): { readonly limit: number; readonly bytesEach: number } {
  const holds = Math.max(1, Math.min(limit, Math.floor(bytes / smallestRecordBytes)));
  return { limit: holds, bytesEach: Math.floor(bytes / holds) - 1 };
}
