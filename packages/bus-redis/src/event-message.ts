import { namespaceSchema, projectSchema, sessionKeySchema, targetAgentSchema, type StoreEvent } from '@org/domain';
import { z } from 'zod';

/** The most events of one message. */
export const maxMessageEvents = 1000;
/** In UTF-16 code units. 1,000 events with three names of 128 characters each are shorter. */
const maxMessageLength = 512 * 1024;

/** What goes over the channel. When this shape changes, change the version in the channel's name. */
const messageSchema = z.strictObject({
  /** The bus that sent it. It has delivered the events to its own subscribers. */
  sender: z.string(),
  events: z
    .array(
      z.discriminatedUnion('kind', [
        z.strictObject({
          kind: z.literal('handoff_offered'),
          namespace: namespaceSchema,
          targetAgent: targetAgentSchema.optional(),
          project: projectSchema.optional(),
        }),
        z.strictObject({
          kind: z.literal('session_changed'),
          namespace: namespaceSchema,
          sessionKey: sessionKeySchema,
        }),
        z.strictObject({ kind: z.literal('something_changed') }),
      ]),
    )
    .max(maxMessageEvents),
});

export interface EventMessage {
  readonly sender: string;
  readonly events: readonly StoreEvent[];
}

/**
 * The name of the channel that the processes of one deployment share. Redis keeps databases apart, but not their
 * channels: the deployment is all that separates two of them on one server.
 */
export const channelName = (deployment: string): string => `context-store:${deployment}:events:v2`;

export const encodeMessage = (message: EventMessage): string => JSON.stringify(message);

/** Returns undefined for a text that is not such a message: any client of Redis can publish to the channel. */
export function decodeMessage(text: string): EventMessage | undefined {
  if (text.length > maxMessageLength) return undefined;
  try {
    return messageSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
