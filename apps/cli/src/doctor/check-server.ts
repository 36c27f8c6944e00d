import { CommandError } from '../failure.js';
import type { ServerPlace } from '../targets/find-place.js';
import type { TargetOpener } from '../targets/open-target.js';
import { checkClock } from './check-clock.js';
import { describeError } from './describe-error.js';
import { findingsOf, type Finding } from './finding.js';

type OnTarget = TargetOpener['onTarget'];

const { ok, problem } = findingsOf('server');
const limitMs = 5000;

/** Checks the server of CONTEXT_SERVER: whether it answers, and accepts the key. */
export async function checkServer({ url, apiKey }: ServerPlace, onTarget: OnTarget): Promise<Finding[]> {
  const [access, clock] = await Promise.all([checkAccess(apiKey !== undefined, onTarget), checkServerClock(url)]);
  return clock === undefined ? [access] : [access, clock];
}

async function checkAccess(hasKey: boolean, onTarget: OnTarget): Promise<Finding> {
  try {
    return await onTarget({}, async (target) => {
      const { sessions } = await target.listSessions({ project: '*', limit: 1 });
      const [session] = sessions;
      const where = session === undefined ? 'a namespace without sessions' : `namespace ${session.namespace}`;
      return ok(`${target.place} ${hasKey ? 'accepts the key' : 'asks for no key'}, and shows ${where}`);
    });
  } catch (error) {
    return problem(error instanceof CommandError ? error.message : describeError(error));
  }
}

/** The header has whole seconds. */
const dateStepMs = 1000;

async function checkServerClock(url: URL): Promise<Finding | undefined> {
  const sentMs = Date.now();
  try {
    const response = await fetch(url, { method: 'HEAD', signal: AbortSignal.timeout(limitMs) });
    const serverMs = Date.parse(response.headers.get('date') ?? '');
    const roundTripMs = Date.now() - sentMs;
    if (Number.isNaN(serverMs)) return undefined;
    return checkClock('server', serverMs + dateStepMs / 2 - sentMs - roundTripMs / 2, dateStepMs + roundTripMs / 2);
  } catch {
    // The other finding says why.
    return undefined;
  }
}
