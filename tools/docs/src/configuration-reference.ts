import { environmentTable, type EnvironmentTable } from '@org/context-store/environment';
import { httpEnvironmentTable } from '@org/mcp-http/environment';
import { markdownTable } from './markdown-table.js';

/** `docs/configuration.md`, from the tables that the programs read. */
export function configurationReference(): string {
  const httpOnly = Object.fromEntries(
    Object.entries(httpEnvironmentTable).filter(([name]) => !(name in environmentTable)),
  );
  return `# Configuration

Generated from the tables that the programs themselves read, and that \`--help\` shows. To change it, change those, then run
\`npx vitest run --project @org/docs -u\`.

The environment configures everything. An empty variable counts as unset. Whatever is wrong is reported at the start, all at
once, a line for each variable.

## mcp-stdio and mcp-http

${table(environmentTable)}

The variables that begin with "PostgreSQL" do nothing on SQLite.

## mcp-http besides

${table(httpOnly)}

## context-store

\`context-store migrate\` brings what \`DATABASE_URL\` names to the schema of the release, and says in one line what it did. The
programs do the same when they start, unless \`DATABASE_MIGRATE=false\`; then they refuse an older schema.

## PostgreSQL

\`DATABASE_URL=postgres://user:password@host:port/database\`, for PostgreSQL 13 or newer. Special characters in the parts are
percent-encoded. What is left out comes from \`PGHOST\`, \`PGPORT\`, \`PGUSER\`, \`PGPASSWORD\`, \`PGDATABASE\` or a \`.pgpass\` file.
Parameters go behind a \`?\`:

- \`sslmode\`: \`disable\`, \`verify-full\`, or \`no-verify\` (encrypted, by whatever certificate). \`prefer\`, \`require\` and
  \`verify-ca\` mean \`verify-full\`, with a warning; \`uselibpqcompat=true\` gives them the meaning that they have for psql.
- \`sslrootcert\`, \`sslcert\`, \`sslkey\`: paths of files.
- \`host\`: the folder of a socket, as in \`postgres:///database?host=/var/run/postgresql\`.

The user must own the tables, or be allowed to create them; with \`DATABASE_MIGRATE=false\`, to read and write them.
No program shows a password, whether it is before the \`@\` or in a parameter.
`;
}

const table = (variables: EnvironmentTable): string =>
  markdownTable(
    ['variable', 'what it is for', 'default'],
    Object.entries(variables).map(([name, { description, default: preset }]) => [`\`${name}\``, description, preset]),
  );
