import { releasedPackages } from './released-packages.ts';
import { stagePackage } from './stage-package.ts';

for (const released of releasedPackages) console.log(await stagePackage(released));
