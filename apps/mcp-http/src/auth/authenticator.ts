import type { Principal } from './principal.js';

/** Tells who is behind a credential. */
export interface Authenticator {
  /** @throws CredentialError alone */
  readonly authenticate: (credential: string) => Promise<Principal>;
  /** Why no credential can be checked now; undefined when they can. For people. */
  readonly unreadiness: () => string | undefined;
}
