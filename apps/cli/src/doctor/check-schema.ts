import { findingsOf, type Finding } from './finding.js';

export interface SchemaVersions {
  /** 0: there are no tables yet. */
  readonly schemaVersion: number;
  readonly knownVersion: number;
}

/** Compares the version of the tables with the one that this release needs. */
export function checkSchema({ schemaVersion, knownVersion }: SchemaVersions): Finding {
  const { ok, warning, problem } = findingsOf('schema');
  if (schemaVersion === knownVersion) return ok(`version ${schemaVersion}, that of this release`);
  if (schemaVersion > knownVersion)
    return problem(`version ${schemaVersion} is newer than this release (${knownVersion})`, 'Upgrade context-store.');
  const advice = 'Run context-store migrate, or start a server, which migrates unless DATABASE_MIGRATE is false.';
  if (schemaVersion === 0) return warning('there are no tables yet', advice);
  return warning(`version ${schemaVersion} is older than this release (${knownVersion})`, advice);
}
