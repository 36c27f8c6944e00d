import { initial } from './0001-initial.js';
import { projects } from './0002-projects.js';
import { takeOver } from './0003-take-over.js';

/** One step of the schema. Frozen once it was released: a database somewhere has it applied as it is. */
export interface Migration {
  /** 1, 2, 3 … in the order of {@link migrations}. */
  readonly version: number;
  readonly name: string;
  readonly script: string;
}

/** Every step from an empty database to the schema of today. Forward only; new ones go to the end. */
export const migrations: readonly Migration[] = [initial, projects, takeOver];
