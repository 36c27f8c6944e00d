import { onTestFinished } from 'vitest';
import { describeFencing } from './describe-fencing.js';
import { dataFolder } from './mcp-stdio.js';

describeFencing('SQLite', async () => {
  const folder = await dataFolder();
  onTestFinished(() => folder.remove());
  return { DATABASE_URL: folder.database };
});
