import {
  databaseLocation,
  describeLocation,
  type ContextStore,
  type DatabaseLocation,
  type PostgresSettings,
} from '@org/context-store';
import { packageVersion, runCommand } from '@org/context-store/command';
import { environmentTable, openConfiguredStore, type Environment } from '@org/context-store/environment';
import { migrateStore } from '@org/context-store/migrate';

const { DATABASE_URL, DATABASE_CONNECT_TIMEOUT_MS, DATABASE_TRANSACTION_POOLER, DATABASE_SCHEMA, CONTEXT_NAMESPACE } =
  environmentTable;
const environment = {
  DATABASE_URL,
  DATABASE_CONNECT_TIMEOUT_MS,
  DATABASE_TRANSACTION_POOLER,
  DATABASE_SCHEMA,
  CONTEXT_NAMESPACE,
};

const settingsOf = (values: Environment<typeof environment>): PostgresSettings => ({
  connectTimeoutMs: values.DATABASE_CONNECT_TIMEOUT_MS,
  transactionPooler: values.DATABASE_TRANSACTION_POOLER,
  schema: values.DATABASE_SCHEMA,
});
const report = (location: DatabaseLocation, done: string): unknown =>
  process.stdout.write(`context-store: ${describeLocation(location)}: ${done}\n`);

/** Opens the context store for one step of a command. Never migrates, because other programs may use the database. */
async function onContextStore<Done>(
  values: Environment<typeof environment>,
  namespace: string,
  step: (contextStore: ContextStore) => Promise<Done>,
): Promise<Done> {
  const contextStore = await openConfiguredStore({
    database: values.DATABASE_URL,
    namespace,
    migrate: false,
    postgres: settingsOf(values),
  });
  try {
    return await step(contextStore);
  } finally {
    await contextStore.close();
  }
}

/** The program `context-store`. */
export const runContextStore = (stopped: Promise<NodeJS.Signals>): Promise<void> =>
  runCommand(
    {
      name: 'context-store',
      version: packageVersion(import.meta.url),
      summary:
        'Maintains the database of a context store. `context-store mcp` serves it to an MCP client, as mcp-stdio does.',
      environment,
      commands: {
        migrate: {
          summary:
            'Migrates the database to the schema of this release. It is safe to repeat, and to run several times at once.',
          start: async (values) => {
            const location = databaseLocation(values.DATABASE_URL);
            const { from, to } = await migrateStore(location, settingsOf(values));
            report(location, from === to ? `already at schema ${to}` : `migrated from schema ${from} to ${to}`);
          },
        },
        'delete-session': {
          summary:
            'Deletes a session of CONTEXT_NAMESPACE with its log, its handoffs and all other data. This cannot be undone.',
          parameters: ['SESSION_KEY'],
          start: async (values, [sessionKey = '']) => {
            await onContextStore(values, values.CONTEXT_NAMESPACE, (store) => store.deleteSession(sessionKey));
            const where = `namespace ${values.CONTEXT_NAMESPACE}`;
            report(databaseLocation(values.DATABASE_URL), `deleted session ${sessionKey} of ${where}`);
          },
        },
        'take-over': {
          summary:
            'Makes an agent the owner of a session, without its owner. The log says so, and why. The servers may run meanwhile.',
          parameters: ['SESSION_KEY'],
          options: {
            agent: { placeholder: 'NAME', isRequired: true },
            namespace: { placeholder: 'N' },
            reason: { placeholder: 'TEXT' },
          },
          start: async (values, [sessionKey = ''], { agent = '', namespace = values.CONTEXT_NAMESPACE, reason }) => {
            const { session, tookOver } = await onContextStore(values, namespace, (store) =>
              store.takeOverSession({ sessionKey, agent, reason }),
            );
            const { owner, epoch, lastSequence } = session;
            report(
              databaseLocation(values.DATABASE_URL),
              `${owner} owns session ${sessionKey} of namespace ${namespace} at epoch ${epoch}; ` +
                `${tookOver.from} owned it before. Entry ${lastSequence} of its log says so`,
            );
          },
        },
      },
    },
    { stopped },
  );
