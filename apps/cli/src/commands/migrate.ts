import { describeLocation } from '@org/context-store';
import { contextStoreOptions } from '@org/context-store/environment';
import { migrateStore } from '@org/context-store/migrate';
import { Command } from 'commander';
import type { CommandContext } from '../command-context.js';
import {
  addDatabaseOption,
  addExample,
  addJsonOption,
  type OutputOptions,
  type TargetOptions,
} from '../command-options.js';
import { withProgress } from '../output/progress.js';
import { findDatabase } from '../targets/find-place.js';

/** `context-store migrate`: creates or migrates the tables of a database. */
export const migrateCommand = ({ env, errors, output }: CommandContext): Command => {
  const command = new Command('migrate')
    .description(
      'create the tables, or migrate them to this release; it is safe to repeat, and to run several times at once',
    )
    .action(async (options: TargetOptions & OutputOptions) => {
      const { location, environment } = findDatabase(env, options, 'migrate');
      const { from, to } = await withProgress(
        errors,
        'Migrating …',
        migrateStore(location, contextStoreOptions(environment).postgres ?? {}),
      );
      const place = describeLocation(location);
      const done = from === to ? `already at schema ${to}` : `migrated from schema ${from} to ${to}`;
      await output.done(options, { database: place, from, to }, place, done);
    });
  return addExample(addJsonOption(addDatabaseOption(command)), 'context-store migrate');
};
