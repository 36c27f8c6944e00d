import { ContextStoreError, storeUnavailable, type Written } from '@org/domain';

/** Files of an open database were removed or replaced, so other processes do not see the writes of this process. */
export class FilesChangedError extends ContextStoreError {
  /** What happened to which file. */
  readonly change: string;

  constructor(change: string, written: Written) {
    const { message } = storeUnavailable(`${change} while it was open.`, { written });
    super('STORE_UNAVAILABLE', message, { written });
    this.change = change;
  }
}
