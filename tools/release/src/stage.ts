import { releasedPackages } from './released-packages.ts';
import { stagePackage } from './stage-package.ts';

/** Makes the packages whose names in the workspace are given. Default: all. */
const [, , ...names] = process.argv;
const isNamed = (folder: string): boolean => names.length === 0 || names.includes(`@org/${folder.split('/')[1]}`);

for (const released of releasedPackages) {
  if (isNamed(released.folder)) console.log(await stagePackage(released));
}
