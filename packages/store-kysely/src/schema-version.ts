import { storeUnavailable, type ContextStoreError } from '@org/domain';

/** The schema of a database before and after it was brought to that of this release: the same, if nothing had to be done. */
export interface SchemaChange {
  readonly from: number;
  readonly to: number;
}

/** What a process that leaves migrating to others throws. @param database what it is called for people */
export const olderSchema = (database: string, version: number, known: number): ContextStoreError =>
  storeUnavailable(
    `${database} has an older schema (${version}; this release needs ${known}). Run \`context-store migrate\`.`,
    { written: 'no', details: { schemaVersion: version, knownVersion: known }, retryable: false },
  );
