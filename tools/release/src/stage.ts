import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeMcpb } from './make-mcpb.ts';
import { registryEntry } from './registry-entry.ts';
import { releasedPackages } from './released-packages.ts';
import { stagePackage } from './stage-package.ts';
import { stagingFolder } from './workspace-folder.ts';

/**
 * Makes what is published, in `dist/`: the packages whose names in the workspace are given (default: all), and with
 * mcp-stdio the entry of the MCP registry and the bundle for Claude Desktop.
 */
const [, , ...names] = process.argv;
const isNamed = (folder: string): boolean => names.length === 0 || names.includes(`@org/${folder.split('/')[1]}`);

for (const released of releasedPackages.filter(({ folder }) => isNamed(folder))) {
  const { folder, version } = await stagePackage(released);
  console.log(folder);
  if (released.isInMcpRegistry !== true) continue;
  writeFileSync(join(stagingFolder, 'server.json'), `${JSON.stringify(registryEntry(version), undefined, 2)}\n`);
  console.log(makeMcpb(folder, version));
}
