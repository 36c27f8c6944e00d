import { storeUnavailable, type ContextStoreError } from '@org/domain';

/** The schema versions of a database before and after a migration. They are equal if there was nothing to migrate. */
export interface SchemaChange {
  readonly from: number;
  readonly to: number;
}

/** The error of a process that does not migrate. @param database the name of the database for the message */
export const olderSchema = (database: string, version: number, known: number): ContextStoreError =>
  storeUnavailable(
    `${database} has an older schema (${version}; this release needs ${known}). Run \`context-store migrate\`.`,
    { written: 'no', details: { schemaVersion: version, knownVersion: known }, retryable: false },
  );
