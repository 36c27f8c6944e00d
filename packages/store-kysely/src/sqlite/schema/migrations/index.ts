import { initial } from './0001-initial.js';
import { leases } from './0002-leases.js';
import { projects } from './0003-projects.js';
import { takeOver } from './0004-take-over.js';
import type { Migration } from './migration.js';

/** All steps from an empty file to the current schema, in order. New steps go to the end. */
export const migrations: readonly Migration[] = [initial, leases, projects, takeOver];
