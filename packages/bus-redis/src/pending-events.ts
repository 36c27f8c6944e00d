import type { StoreEvent } from '@org/domain';

/** Events that wait to be sent, in the order in which they came. */
export interface PendingEvents {
  /** Equal events wait once. When there would be too many, one `something_changed` takes the place of all. */
  readonly add: (event: StoreEvent) => void;
  /** Empties it. */
  readonly take: () => StoreEvent[];
  readonly isEmpty: () => boolean;
}

/** @param limit how many different events may wait: what a server that stays away costs, at most */
export function createPendingEvents(limit: number): PendingEvents {
  const events = new Map<string, StoreEvent>();
  return {
    add: (event) => {
      const name = eventName(event);
      // Whoever hears `something_changed` looks at everything anyway.
      if (events.has(name) || events.has(everything)) return;
      if (name === everything || events.size >= limit) {
        events.clear();
        events.set(everything, { kind: 'something_changed' });
      } else {
        events.set(name, event);
      }
    },
    take: () => {
      const taken = [...events.values()];
      events.clear();
      return taken;
    },
    isEmpty: () => events.size === 0,
  };
}

const everything = '*';

/** Names cannot hold a space. */
function eventName(event: StoreEvent): string {
  switch (event.kind) {
    case 'session_changed':
      return `s ${event.namespace} ${event.sessionKey}`;
    case 'handoff_offered':
      return `h ${event.namespace} ${event.targetAgent ?? ''}`;
    case 'something_changed':
      return everything;
  }
}
