import { ApiKeysError, type ApiKeysErrorCode } from '@org/api-keys';
import { apiKeysEnvironmentTable, environmentTable, readEnvironment } from '@org/context-store/environment';
import { Option, type Command } from 'commander';
import type { Env } from '../../command-context.js';
import type { Ending } from '../../exit-codes.js';
import { CommandError } from '../../failure.js';

export interface FileOption {
  readonly file?: string;
}

/** Adds `--file`. */
export const addFileOption = (command: Command): Command =>
  command.addOption(new Option('--file <path>', 'the file of keys, instead of API_KEYS_FILE').helpGroup('Where:'));

const { CONTEXT_NAMESPACE, CONTEXT_AGENT } = environmentTable;

/** Reads the variables that the commands of keys use. @throws VALIDATION_ERROR */
export const readKeySettings = (env: Env) =>
  readEnvironment({ ...apiKeysEnvironmentTable, CONTEXT_NAMESPACE, CONTEXT_AGENT }, env);

/** Runs a step on the file of keys. @throws CommandError */
export async function onKeyFile<Done>(
  env: Env,
  { file = readKeySettings(env).API_KEYS_FILE }: FileOption,
  step: (file: string) => Done | Promise<Done>,
): Promise<Done> {
  if (file === undefined)
    throw new CommandError('usage', 'The file of keys is not named. Set API_KEYS_FILE, or pass --file PATH.');
  try {
    return await step(file);
  } catch (error) {
    if (!(error instanceof ApiKeysError)) throw error;
    const message = error.code === 'FILE_INVALID' ? `${file} is not valid: ${error.message}` : error.message;
    throw new CommandError(endings[error.code], message, { cause: error });
  }
}

const endings: Readonly<Record<ApiKeysErrorCode, Ending>> = {
  INVALID: 'usage',
  ID_TAKEN: 'refused',
  UNKNOWN_KEY: 'notFound',
  EXPIRED: 'refused',
  REVOKED: 'refused',
  FILE_INVALID: 'failed',
  FILE_UNUSABLE: 'failed',
  FILE_LOCKED: 'unreachable',
};
