import type { StoreEvent } from '@org/domain';

/** Events that wait to be sent, oldest first. */
export interface PendingEvents {
  /** Adds an event, unless an equal one waits. Past the limit, one `something_changed` replaces all. */
  readonly add: (event: StoreEvent) => void;
  /** Removes and returns all events. */
  readonly take: () => StoreEvent[];
  readonly isEmpty: () => boolean;
}

/** @param limit how many different events may wait. It bounds the memory used while Redis is away. */
export function createPendingEvents(limit: number): PendingEvents {
  const events = new Map<string, StoreEvent>();
  return {
    add: (event) => {
      const name = eventName(event);
      // `something_changed` covers every other event.
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

/** Namespaces, session keys, agents and projects cannot contain a space, so the parts stay apart. */
function eventName(event: StoreEvent): string {
  switch (event.kind) {
    case 'session_changed':
      return `s ${event.namespace} ${event.sessionKey}`;
    case 'handoff_offered':
      return `h ${event.namespace} ${event.targetAgent ?? ''} ${event.project ?? ''}`;
    case 'something_changed':
      return everything;
  }
}
