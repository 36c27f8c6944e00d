import { initial } from './0001-initial.js';
import { leases } from './0002-leases.js';
import type { Migration } from './migration.js';

/** Every step from an empty file to the schema of today, in order. Forward only; new ones go to the end. */
export const migrations: readonly Migration[] = [initial, leases];
