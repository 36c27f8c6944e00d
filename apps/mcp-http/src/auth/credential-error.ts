/** Why a credential gives no access. The message is for the log: whoever sent the credential learns the status alone. */
export class CredentialError extends Error {
  /** 401: it is not valid; 403: it is, and of no use here; 503: nobody can tell now. */
  readonly status: 401 | 403 | 503;

  constructor(status: 401 | 403 | 503, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CredentialError';
    this.status = status;
  }
}
