// What can be known of a database and its settings without loading pg.
export { findUrlProblem, nameServer, serverUrls } from './connection/database-url.js';
export { defaultSettings } from './default-settings.js';
export { longestTimerMs } from './connection/longest-timer-ms.js';
