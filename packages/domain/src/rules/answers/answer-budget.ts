import { z } from 'zod';
import { recordedNote } from '../../model/recorded-note.js';
import { bytesWithin } from '../text/estimate-tokens.js';
import { jsonBytes } from './fit-entry.js';
import { limits } from '../limits.js';

/** Returns the schema of the argument `maxTokens`: the most estimated tokens of the whole answer as JSON. */
export const answerBudget = (defaultTokens: number, minTokens: number = limits.minTokens): z.ZodDefault<z.ZodInt> =>
  z.int().min(minTokens).max(limits.maxTokens).default(defaultTokens);

/** The most bytes that a session or a handoff takes without its free texts and objects. */
export const smallestRecordBytes = 1100;

/** The bytes for the session or handoff in the answer to a mutation: the caller has just sent its large fields. */
export const changedRecordBytes = bytesWithin(500);

/** More bytes than any cursor takes. */
const cursorBytes = 220;

/** Returns the bytes left for records in an answer, after the note, a cursor and `fields`. */
export const bytesForRecords = (maxTokens: number, fields: object): number =>
  bytesWithin(maxTokens) - jsonBytes({ note: recordedNote, ...fields }) - cursorBytes;

/**
 * Divides the bytes of a list among its records. Each gets the same share, so `limit: 1` gives all of it to one.
 * Returns a smaller limit if the budget cannot hold as many records; the next page has the rest.
 */
export function shareAmong(limit: number, bytes: number): { readonly limit: number; readonly bytesEach: number } {
  const holds = Math.max(1, Math.min(limit, Math.floor(bytes / smallestRecordBytes)));
  return { limit: holds, bytesEach: Math.floor(bytes / holds) - 1 };
}
