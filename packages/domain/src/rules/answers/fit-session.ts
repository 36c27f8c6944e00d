import type { Session } from '../../model/session.js';
import { cutToJsonBytes } from '../text/cut-text.js';
import { jsonBytes } from './fit-entry.js';

/**
 * The session within a number of bytes as JSON: whole if it fits; otherwise with its title cut, and without the
 * participants and the metadata that do not fit. `truncated` names what is not shown whole.
 *
 * @param reader a participant to show before the others: an agent that looks for itself among them must find itself
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

/** As many of the names as fit, in their order. */
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
