import type { Env } from '../command-context.js';
import type { TargetOptions } from '../command-options.js';
import { findPlace, type Place } from './find-place.js';
import type { Target } from './target.js';

/** Opens what options and environment name, runs a step on it, and closes it. */
export type OnTarget = <Done>(options: TargetOptions, step: (target: Target) => Promise<Done>) => Promise<Done>;

export const createTargetOpener =
  (env: Env): OnTarget =>
  async (options, step) => {
    const target = await openTarget(findPlace(env, options));
    try {
      return await step(target);
    } finally {
      await target.close();
    }
  };

/** Each kind loads what it needs: the client of servers, or an engine. */
async function openTarget(place: Place): Promise<Target> {
  if (place.kind === 'server') {
    const { openServerTarget } = await import('./server-target.js');
    return openServerTarget(place);
  }
  const { openDatabaseTarget } = await import('./database-target.js');
  return openDatabaseTarget(place);
}
