import { escapeIdentifier, escapeLiteral } from 'pg';
import type { Tables } from '../schema/tables.js';

const tableNames = Object.keys({
  sessions: true,
  context_history: true,
  handoffs: true,
  read_marks: true,
  idempotency_keys: true,
  seen_agents: true,
  schema_migrations: true,
} satisfies Record<keyof Tables, true>);

/** A table where a statement reads or changes it, rather than a column's qualifier (`from "sessions"."created_at"`). */
const tableReference = new RegExp(
  String.raw`\b(from|join|into|update|using)(\s+)"?(${tableNames.join('|')})\b(?!"?\s*\.)"?`,
  'g',
);

/** A table or a sequence where a statement gives its name to a function. */
const nameAsArgument = /\bregclass '(\w+)'/g;

/**
 * Names the schema of every table of a statement. The statement then does not depend on the `search_path`, which a
 * connection cannot set behind a pooler, and does not use tables of other applications.
 */
export function qualifyTables(text: string, schema: string): string {
  const prefix = `${escapeIdentifier(schema)}.`;
  return text
    .replaceAll(tableReference, (_, word: string, space: string, table: string) => `${word}${space}${prefix}"${table}"`)
    .replaceAll(nameAsArgument, (_, name: string) => `regclass ${escapeLiteral(`${prefix}"${name}"`)}`);
}
