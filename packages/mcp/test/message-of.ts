import { receiveMessage, type Message } from '../src/messages/message.js';

/** Reads a value as a server reads the JSON that a client sends. @throws Error if it would be refused */
export function messageOf(sent: unknown): Message {
  const message = receiveMessage(Buffer.from(JSON.stringify(sent)));
  if (message.kind === 'refused') throw new Error(message.refusal.message);
  return message;
}
