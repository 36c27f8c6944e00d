import { hash as digest, randomBytes } from 'node:crypto';

const prefix = 'csk_';
const keyPattern = /^csk_([A-Za-z0-9][\w-]{0,63})\.[\w-]{43}$/;

/** Creates a key. It contains its id, so that a leaked key shows which one to revoke. */
export const newApiKey = (id: string): string => `${prefix}${id}.${randomBytes(32).toString('base64url')}`;

/** Whether a credential is meant as an API key. A JWT never begins like one: its first letter is e. */
export const isApiKey = (credential: string): boolean => credential.startsWith(prefix);

/** Returns the id in a key, or undefined if the text has not the form of a key. */
export const idOfKey = (key: string): string | undefined => keyPattern.exec(key)?.[1];

/** A fast hash is enough for 256 random bits, which cannot be guessed. A slow one, as for passwords, would slow each call. */
export const hashApiKey = (key: string): string => `sha256:${digest('sha256', key)}`;
