import { ContextStoreError } from '@org/domain';

const advice = {
  undone: 'Nothing was written; send the same call again.',
  unknown:
    'What this call wrote may be lost with it: repeat it with the same idempotencyKey, or look before you repeat it.',
} as const;

/** Files of an open database were removed or replaced: what this process writes, other processes do not see. */
export class FilesChangedError extends ContextStoreError {
  /** What happened to which file. */
  readonly change: string;

  constructor(change: string, outcome: keyof typeof advice) {
    super('STORE_UNAVAILABLE', `${change} while it was open. ${advice[outcome]}`);
    this.change = change;
  }
}
