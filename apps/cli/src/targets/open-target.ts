import type { Env } from '../command-context.js';
import type { TargetOptions } from '../command-options.js';
import { withProgress, type ProgressStream } from '../output/progress.js';
import { findDatabase, findPlace, type DatabasePlace, type Place } from './find-place.js';
import type { DatabaseTarget, Target } from './target.js';

/** Opens what commands work on, runs a step on it, and closes it. */
export interface TargetOpener {
  /** Opens what the options and the environment name. */
  readonly onTarget: <Done>(options: TargetOptions, step: (target: Target) => Promise<Done>) => Promise<Done>;
  /** Opens the database, for a command that no server offers. @throws CommandError (a server is named) */
  readonly onDatabase: <Done>(
    command: string,
    options: TargetOptions,
    step: (target: DatabaseTarget) => Promise<Done>,
  ) => Promise<Done>;
}

export interface TargetOpenerOptions {
  readonly env: Env;
  /** Shows that opening goes on, if it is a terminal. */
  readonly errors: ProgressStream;
  /** The version of this program, for servers. */
  readonly version: string;
}

export function createTargetOpener({ env, errors, version }: TargetOpenerOptions): TargetOpener {
  const on = async <Opened extends Target, Done>(
    opening: Promise<Opened>,
    step: (target: Opened) => Promise<Done>,
  ): Promise<Done> => {
    const target = await withProgress(errors, 'Connecting …', opening);
    try {
      return await step(target);
    } finally {
      await target.close();
    }
  };
  return {
    onTarget: async (options, step) => on(openTarget(findPlace(env, options), version), step),
    onDatabase: async (command, options, step) => on(openDatabase(findDatabase(env, options, command)), step),
  };
}

// Each kind loads what it needs: the client of servers, or an engine.

async function openTarget(place: Place, version: string): Promise<Target> {
  if (place.kind === 'database') return openDatabase(place);
  const { openServerTarget } = await import('./server-target.js');
  return openServerTarget(place, version);
}

async function openDatabase(place: DatabasePlace): Promise<DatabaseTarget> {
  const { openDatabaseTarget } = await import('./database-target.js');
  return openDatabaseTarget(place);
}
