/** The variables that set the options which messages name. */
const variables: Readonly<Record<string, string>> = {
  agent: 'CONTEXT_AGENT',
  database: 'DATABASE_URL',
  takeOverBy: 'TAKE_OVER_BY',
  'postgres.poolSize': 'DATABASE_POOL_SIZE',
  'postgres.schema': 'DATABASE_SCHEMA',
  'postgres.transactionPooler': 'DATABASE_TRANSACTION_POOLER',
};

/** Returns a message that names environment variables in place of options, for users who set those. */
export const nameVariables = (message: string): string =>
  message.replaceAll(/the option ([a-zA-Z]+(?:\.[a-zA-Z]+)?)/g, (text, option: string) => variables[option] ?? text);
