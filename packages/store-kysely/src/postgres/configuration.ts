// This entry point does not load pg.
export { findUrlProblem, nameServer, serverUrls } from './connection/database-url.js';
export { defaultSettings } from './default-settings.js';
export { longestTimerMs } from './connection/longest-timer-ms.js';
