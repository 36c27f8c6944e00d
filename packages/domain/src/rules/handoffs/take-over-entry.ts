import type { JsonObject } from '../../model/json.js';
import type { AppendEntry, HandoffRecord, SessionRecord } from '../../ports/store.js';
import type { TookOverRecord } from '../../ports/take-over.js';
import { limits } from '../limits.js';
import { previewOf } from '../text/cut-text.js';
import { estimateTokens } from '../text/estimate-tokens.js';
import { isoTime } from '../text/iso-time.js';

/** A move of ownership without the consent of the owner. */
export interface TakeOverMove {
  /** The new owner. */
  readonly to: string;
  /** The former owner. */
  readonly from: string;
  readonly reason: string | undefined;
  /** The request. Undefined if an operator moves the session. */
  readonly handoffId: string | undefined;
}

/**
 * The words of an entry about a take-over, apart from what is known of the former owner. A store may read that after all
 * else is decided, so {@link takeOverEntry} puts the whole together, and the statements of a database do the same.
 */
export interface TakeOverTexts {
  readonly opening: string;
  /** Follows if the former owner has not written. */
  readonly silent: string;
  /** Comes before the time at which it last wrote. */
  readonly wroteAt: string;
  /** Comes between that time and the number of its newest entry. */
  readonly entry: string;
  /** Ends the text after that number. */
  readonly end: string;
  /** Ends the text if it has appended nothing. */
  readonly noEntry: string;
}

/** Returns what to call the reason for a take-over in its request. */
export const takeOverReason = ({
  summary,
  instructions,
}: Pick<HandoffRecord, 'summary' | 'instructions'>): string | undefined => summary ?? instructions;

export function takeOverTexts({ to, from, reason, handoffId }: TakeOverMove): TakeOverTexts {
  const moved =
    handoffId === undefined
      ? `An operator gave the session to ${to}. ${from} owned it before, and did not hand it over.`
      : `${to} took the session over from ${from}, which gave no sign of life within the deadline.`;
  const why = reason === undefined ? '' : ` Reason: ${previewOf(reason, limits.takeOverReason)}`;
  return {
    opening: `${moved}${why}\n`,
    silent: `As far as is known, ${from} wrote nothing since it became the owner.`,
    wroteAt: `${from} last wrote at `,
    entry: '; its newest entry is ',
    end: '.',
    noEntry: ', and appended no entry since it became the owner.',
  };
}

/** The fields of an entry that a take-over appends. */
export type TakeOverEntry = Pick<AppendEntry, 'content' | 'contentBytes' | 'estimatedTokens' | 'metadata'>;

/** Returns the entry of type `system` that a take-over appends, in the name of the new owner. */
export function takeOverEntry(move: TakeOverMove, { lastSequence, lastWroteAtMs }: TookOverRecord): TakeOverEntry {
  const texts = takeOverTexts(move);
  const lastWroteAt = lastWroteAtMs === undefined ? undefined : isoTime(lastWroteAtMs);
  const upTo = lastSequence === undefined ? texts.noEntry : `${texts.entry}${lastSequence}${texts.end}`;
  const content = `${texts.opening}${lastWroteAt === undefined ? texts.silent : `${texts.wroteAt}${lastWroteAt}${upTo}`}`;
  const contentBytes = Buffer.byteLength(content);
  const { from, handoffId } = move;
  return {
    content,
    contentBytes,
    estimatedTokens: estimateTokens(contentBytes),
    metadata: { takeOver: withoutUndefined({ from, by: takenBy(move), handoffId, lastSequence, lastWroteAt }) },
  };
}

/** Who moved the ownership, for the metadata of the entry. */
export const takenBy = ({ handoffId }: Pick<TakeOverMove, 'handoffId'>): 'operator' | 'requester' =>
  handoffId === undefined ? 'operator' : 'requester';

const withoutUndefined = (fields: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

/** What is known of the owner from which a session is taken over. */
export const tookOverFrom = ({
  owner,
  ownerLastSequence,
  ownerWroteAtMs,
}: Pick<SessionRecord, 'owner' | 'ownerLastSequence' | 'ownerWroteAtMs'>): TookOverRecord => ({
  from: owner,
  lastSequence: ownerLastSequence,
  lastWroteAtMs: ownerWroteAtMs,
});
