import { Command } from 'commander';
import type { CommandContext } from '../../command-context.js';
import { addExample } from '../../command-options.js';
import { createKeyCommand } from './create-key.js';
import { listKeysCommand } from './list-keys.js';
import { revokeKeyCommand } from './revoke-key.js';
import { rotateKeyCommand } from './rotate-key.js';

/** `context-store keys`: the API keys of mcp-http. */
export const keysCommand = (context: CommandContext): Command => {
  const command = new Command('keys').description('create, list, revoke and rotate the API keys of mcp-http');
  for (const create of [createKeyCommand, listKeysCommand, revokeKeyCommand, rotateKeyCommand])
    command.addCommand(create(context));
  return addExample(command, 'context-store keys list');
};
