import { findKeyState, readApiKeys, type ApiKeyEntry, type ApiKeyState } from '@org/api-keys';
import { Command } from 'commander';
import type { CommandContext } from '../../command-context.js';
import { addExample, addOutputOptions, type OutputOptions } from '../../command-options.js';
import type { Screen, Style } from '../../output/screen.js';
import { renderTable, type Column } from '../../output/table.js';
import { oneLine } from '../../output/visible.js';
import { addFileOption, onKeyFile, type FileOption } from './key-file.js';

/** A key as it is listed: without hashes. */
type ListedKey = Omit<ApiKeyEntry, 'hash' | 'previous'> & {
  readonly state: ApiKeyState;
  /** Until when an earlier secret is valid too. */
  readonly graceUntil?: string;
};

/** `context-store keys list`: lists the keys of the file, revoked ones included. */
export const listKeysCommand = ({ env, output }: CommandContext): Command => {
  const command = new Command('list')
    .description('list the keys, revoked ones included')
    .action(async (options: FileOption & OutputOptions) => {
      await onKeyFile(env, options, async (file) => {
        const keys = [...readApiKeys(file).values()].map((entry) => listed(entry, Date.now()));
        await output.answer(options, { file, keys }, (screen) => renderKeys(screen, file, keys));
      });
    });
  return addExample(addOutputOptions(addFileOption(command)), 'context-store keys list');
};

function listed({ hash: _hash, previous = [], ...entry }: ApiKeyEntry, nowMs: number): ListedKey {
  const graceUntil = previous
    .map(({ expiresAt }) => expiresAt)
    .filter((end) => Date.parse(end) > nowMs)
    .toSorted((one, other) => Date.parse(one) - Date.parse(other))
    .at(-1);
  return { ...entry, state: findKeyState(entry, nowMs), ...(graceUntil !== undefined && { graceUntil }) };
}

function renderKeys(screen: Screen, file: string, keys: readonly ListedKey[]): string {
  if (keys.length === 0) return `No keys in ${oneLine(file)}.`;
  const timeOf = (time: string | undefined): string => (time === undefined ? '' : screen.time(time));
  const columns: Column<ListedKey>[] = [
    { title: 'ID', cell: ({ id }) => id, style: () => 'bold' },
    { title: 'NAMESPACE', cell: ({ namespace }) => namespace },
    { title: 'AGENT', cell: ({ agent = 'any' }) => agent },
    { title: 'SCOPES', cell: ({ scopes }) => scopes.join(', ') },
    { title: 'CREATED', cell: ({ createdAt }) => timeOf(createdAt) },
    { title: 'EXPIRES', cell: ({ expiresAt }) => (expiresAt === undefined ? 'never' : screen.time(expiresAt)) },
    { title: 'STATE', cell: ({ state }) => state, style: ({ state }) => styles[state] },
    { title: 'OLD SECRET UNTIL', cell: ({ graceUntil }) => timeOf(graceUntil) },
  ];
  return `${renderTable(screen, columns, keys)}\n\n${oneLine(file)}`;
}

const styles: Readonly<Record<ApiKeyState, Style>> = {
  valid: 'green',
  'expires soon': 'yellow',
  expired: 'red',
  revoked: 'dim',
};
