/**
 * The paths that load balancers and supervisors ask. Every check that may refuse a request before its route knows them from
 * here: a probe that is refused takes a healthy server out.
 */
export const probePaths = { health: '/health', ready: '/ready' } as const;

const paths: ReadonlySet<string | undefined> = new Set(Object.values(probePaths));

/** @param target of a request, with its query */
export const isProbe = (target: string | undefined): boolean => paths.has(target?.split('?', 1)[0]);

/** HAProxy asks by OPTIONS unless it is told otherwise. HEAD comes with GET. */
export const probeMethods = ['GET', 'OPTIONS'];
