import { initial } from './0001-initial.js';
import { leases } from './0002-leases.js';
import { seenAgents } from './0003-seen-agents.js';
import type { Migration } from './migration.js';

/** All steps from an empty file to the current schema, in order. New steps go to the end. */
export const migrations: readonly Migration[] = [initial, leases, seenAgents];
