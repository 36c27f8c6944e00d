import { rotateApiKey } from '@org/api-keys';
import { Command } from 'commander';
import type { CommandContext } from '../../command-context.js';
import { addExample } from '../../command-options.js';
import { oneLine } from '../../output/visible.js';
import { addFileOption, onKeyFile, type FileOption } from './key-file.js';
import { parsePeriod } from './period.js';

type Options = FileOption & { readonly grace?: number };

/** `context-store keys rotate`: gives a key a new secret. Prints the key alone to the standard output. */
export const rotateKeyCommand = ({ env, output, errors }: CommandContext): Command => {
  const command = new Command('rotate')
    .description('give a key a new secret, and print it once; its id, rights and time of expiry stay')
    .argument('<id>', 'the id of the key')
    .option('--grace <period>', 'how long the old secret stays valid, such as 24h; default: not at all', parsePeriod)
    .action(async (id: string, { grace: graceMs = 0, ...options }: Options) => {
      await onKeyFile(env, options, async (file) => {
        const { key, entry } = await rotateApiKey(file, id, { graceMs });
        await output.write(`${key}\n`);
        const end = entry.previous?.at(-1)?.expiresAt;
        const old = graceMs === 0 || end === undefined ? 'the old one is refused' : `the old one is valid until ${end}`;
        errors.write(
          `context-store: ${oneLine(file)}: new secret for key ${id} of namespace ${entry.namespace}; ${old}\n`,
        );
      });
    });
  return addExample(addFileOption(command), 'KEY=$(context-store keys rotate ci-planner --grace 24h)');
};
