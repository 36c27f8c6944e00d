/** Why a credential gives no access. The message is for the log; the caller only gets the status. */
export class CredentialError extends Error {
  /** 401: the credential is not valid. 403: it is valid, but gives no access here. 503: it cannot be checked now. */
  readonly status: 401 | 403 | 503;

  constructor(status: 401 | 403 | 503, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CredentialError';
    this.status = status;
  }
}
