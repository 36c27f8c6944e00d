import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { inputRequired, type ElicitRequestFormParams, type InputRequests } from '@modelcontextprotocol/server';
import { invalidParams } from './fixture-content.js';

/** What a server asks of a client before it can answer. */
export type InputRequest = InputRequests[string];

export type FormProperties = ElicitRequestFormParams['requestedSchema']['properties'];

/** Asks the user to fill in a form. */
export const form = (message: string, properties: FormProperties, required = Object.keys(properties)): InputRequest =>
  inputRequired.elicit({ message, requestedSchema: { type: 'object', properties, required } });

/** Asks the user for one line. */
export const ask = (message: string, name: string): InputRequest => form(message, { [name]: { type: 'string' } });

/** Asks the client's model. */
export const sample = (prompt: string, maxTokens: number): InputRequest =>
  inputRequired.createMessage({ messages: [{ role: 'user', content: { type: 'text', text: prompt } }], maxTokens });

const secret = randomBytes(32);
const signatureOf = (value: string): string => createHmac('sha256', secret).update(value).digest('base64url');

/** What a client keeps between two rounds, and cannot change. */
export const signed = (value: string): string => `${value}.${signatureOf(value)}`;

/** What was signed. @throws ProtocolError when it was changed */
export function verified(state: string | undefined): string | undefined {
  if (state === undefined) return undefined;
  const [value = '', signature = ''] = state.split('.');
  const expected = Buffer.from(signatureOf(value));
  const given = Buffer.from(signature);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) throw invalidParams('requestState');
  return value;
}
