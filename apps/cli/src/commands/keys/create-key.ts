import { createApiKey } from '@org/api-keys';
import { scopes } from '@org/domain';
import { Command } from 'commander';
import type { CommandContext } from '../../command-context.js';
import { addExample } from '../../command-options.js';
import { oneLine } from '../../output/visible.js';
import { addFileOption, onKeyFile, readKeySettings, type FileOption } from './key-file.js';
import { parseExpiry } from './period.js';

interface Options extends FileOption {
  readonly scopes: string;
  readonly namespace?: string;
  readonly agent?: string;
  readonly expires?: Date;
}

/** `context-store keys create`: adds a key to the file. Prints the key alone to the standard output. */
export const createKeyCommand = ({ env, output, errors }: CommandContext): Command => {
  const command = new Command('create')
    .description('add a key, and print it once; the file keeps its hash')
    .argument('<id>', 'names the key, and is part of it')
    .requiredOption('--scopes <list>', `what it allows, separated by commas: ${Object.keys(scopes).join(', ')}`)
    .option('--namespace <name>', 'the namespace that it opens, instead of CONTEXT_NAMESPACE')
    .option('--agent <name>', 'the only agent that it may act as, instead of CONTEXT_AGENT; default: any')
    .option('--expires <when>', 'a period such as 90d, a date or a time; default: never', parseExpiry)
    .action(async (id: string, options: Options) => {
      const settings = readKeySettings(env);
      const { namespace = settings.CONTEXT_NAMESPACE, agent = settings.CONTEXT_AGENT, expires } = options;
      const granted = options.scopes.split(',').map((scope) => scope.trim());
      await onKeyFile(env, options, async (file) => {
        const { key, entry } = await createApiKey(file, { id, namespace, agent, scopes: granted, expiresAt: expires });
        await output.write(`${key}\n`);
        const who = entry.agent === undefined ? 'any agent' : `agent ${entry.agent}`;
        const until = entry.expiresAt === undefined ? 'does not expire' : `expires at ${entry.expiresAt}`;
        const done = `created key ${id} for ${who} of namespace ${namespace} (${entry.scopes.join(', ')}); it ${until}`;
        errors.write(`context-store: ${oneLine(file)}: ${done}\n`);
      });
    });
  return addExample(
    addFileOption(command),
    'KEY=$(context-store keys create ci-planner --scopes context:read,context:write,handoff --expires 90d)',
  );
};
