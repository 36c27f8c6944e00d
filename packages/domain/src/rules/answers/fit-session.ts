import type { Session } from '../../model/session.js';
import { cutToJsonBytes } from '../text/cut-text.js';
import { jsonBytes } from './fit-entry.js';

/**
 * Returns the session in at most `maxBytes` as JSON. If it is larger, cuts its title, and leaves out the participants
 * and metadata that do not fit. `truncated` names the fields that are not whole.
 *
 * @param reader a participant that is kept before others, so that a calling agent finds itself among them
 */
export function fitSession(session: Session, maxBytes: number, reader?: string): Session {
  if (jsonBytes(session) <= maxBytes) return session;
  const { title, participants, metadata } = session;
  const names = ['title', 'participants', 'metadata'];
  const shell = { ...session, ...(title !== undefined && { title: '' }), participants: [], metadata: {} };
  let left = maxBytes - jsonBytes({ ...shell, truncated: names });

  const shownTitle = title === undefined ? undefined : cutToJsonBytes(title, Math.max(0, left));
  left -= shownTitle === undefined ? 0 : jsonBytes(shownTitle.text) - 2;
  const shownParticipants = takeNames(participants, left, reader);
  left -= jsonBytes(shownParticipants) - 2;
  const showsMetadata = jsonBytes(metadata) - 2 <= left;

  const truncated = [
    ...(shownTitle?.cut === true ? ['title'] : []),
    ...(shownParticipants.length < participants.length ? ['participants'] : []),
    ...(showsMetadata ? [] : ['metadata']),
  ];
  return {
    ...shell,
    ...(shownTitle !== undefined && { title: shownTitle.text }),
    participants: shownParticipants,
    ...(showsMetadata && { metadata }),
    truncated,
  };
}

/** Returns as many names as fit, `first` before others, in their original order. */
function takeNames(names: readonly string[], room: number, first: string | undefined): string[] {
  const taken = new Set<string>();
  let left = room;
  for (const name of names.toSorted((a, b) => Number(b === first) - Number(a === first))) {
    left -= jsonBytes(name) + 1;
    if (left < 0) break;
    taken.add(name);
  }
  return names.filter((name) => taken.has(name));
}
