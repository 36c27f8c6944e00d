import type { Principal } from './principal.js';

/** Authenticates callers by a credential. */
export interface Authenticator {
  /** @throws CredentialError, and no other error */
  readonly authenticate: (credential: string) => Promise<Principal>;
  /** Returns why credentials cannot be checked now, as a readable sentence. Returns undefined if they can. */
  readonly unreadiness: () => string | undefined;
}
