import { CommandError } from '../failure.js';
import type { ServerPlace } from '../targets/find-place.js';
import { checkClock } from './check-clock.js';
import { describeError } from './describe-error.js';
import { findingsOf, type Finding } from './finding.js';

const { ok, problem } = findingsOf('server');
const limitMs = 5000;

/** Checks the server of CONTEXT_SERVER: whether it answers, and accepts the key. */
export async function checkServer(place: ServerPlace): Promise<Finding[]> {
  const [access, clock] = await Promise.all([checkAccess(place), checkServerClock(place.url)]);
  return clock === undefined ? [access] : [access, clock];
}

async function checkAccess(place: ServerPlace): Promise<Finding> {
  try {
    const { openServerTarget } = await import('../targets/server-target.js');
    const target = await openServerTarget(place);
    try {
      const { sessions } = await target.listSessions({ project: '*', limit: 1 });
      const [session] = sessions;
      const where = session === undefined ? 'a namespace without sessions' : `namespace ${session.namespace}`;
      const credential = place.apiKey === undefined ? 'asks for no key' : 'accepts the key';
      return ok(`${target.place} ${credential}, and shows ${where}`);
    } finally {
      await target.close();
    }
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
