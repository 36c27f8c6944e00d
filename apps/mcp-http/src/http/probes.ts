/**
 * The paths that load balancers and supervisors request. Checks before the routes let them pass: a refused probe takes a
 * healthy server out of service.
 */
export const probePaths = { health: '/health', ready: '/ready' } as const;

const paths: ReadonlySet<string | undefined> = new Set(Object.values(probePaths));

/** @param target the target of a request, with its query */
export const isProbe = (target: string | undefined): boolean => paths.has(target?.split('?', 1)[0]);

/** HAProxy sends OPTIONS by default. Hono answers HEAD as it answers GET. */
export const probeMethods = ['GET', 'OPTIONS'];
