import { revokeApiKey } from '@org/api-keys';
import { Command } from 'commander';
import type { CommandContext } from '../../command-context.js';
import { addExample } from '../../command-options.js';
import { oneLine } from '../../output/visible.js';
import { addFileOption, onKeyFile, type FileOption } from './key-file.js';

/** `context-store keys revoke`: makes a key invalid for good. */
export const revokeKeyCommand = ({ env, errors }: CommandContext): Command => {
  const command = new Command('revoke')
    .description('revoke a key for good; servers refuse it from the next call on, and its id stays taken')
    .argument('<id>', 'the id of the key')
    .action(async (id: string, options: FileOption) => {
      await onKeyFile(env, options, async (file) => {
        const { namespace } = await revokeApiKey(file, id);
        errors.write(`context-store: ${oneLine(file)}: revoked key ${id} of namespace ${namespace}\n`);
      });
    });
  return addExample(addFileOption(command), 'context-store keys revoke ci-planner');
};
