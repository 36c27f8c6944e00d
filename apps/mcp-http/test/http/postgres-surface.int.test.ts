import { temporaryDatabase } from '@org/store-kysely/testing';
import { describeSurface } from './describe-surface.js';

describeSurface('mcp-http on PostgreSQL', async () => {
  const { url, drop } = await temporaryDatabase();
  return { env: { DATABASE_URL: url }, remove: drop };
});
