/**
 * What a key, or a change of the file, is refused for:
 * - `INVALID`: a value of a new key has not the form that it needs
 * - `ID_TAKEN`: the file has the id, maybe of a revoked key
 * - `UNKNOWN_KEY`: the file has no such id, or the key is not the one of its id
 * - `EXPIRED`, `REVOKED`: the key was valid before
 * - `FILE_INVALID`: a line of the file cannot be read; the message names it, but not its content
 * - `FILE_UNUSABLE`: the file cannot be read or replaced
 * - `FILE_LOCKED`: another process changes the file
 */
export type ApiKeysErrorCode =
  | 'INVALID'
  | 'ID_TAKEN'
  | 'UNKNOWN_KEY'
  | 'EXPIRED'
  | 'REVOKED'
  | 'FILE_INVALID'
  | 'FILE_UNUSABLE'
  | 'FILE_LOCKED';

/** Why a key is not accepted, or the file not changed. No message holds a key, a hash or the content of a line. */
export class ApiKeysError extends Error {
  readonly code: ApiKeysErrorCode;

  constructor(code: ApiKeysErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ApiKeysError';
    this.code = code;
  }
}
