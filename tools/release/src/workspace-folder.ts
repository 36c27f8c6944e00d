import { resolve } from 'node:path';

export const workspaceFolder: string = resolve(import.meta.dirname, '../../..');
/** Where the packages are made: in a folder of the name that the workspace gives them. */
export const stagingFolder: string = resolve(workspaceFolder, 'dist/npm');
