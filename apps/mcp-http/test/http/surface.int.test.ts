import { describeSurface } from './describe-surface.js';
import { temporaryFolder } from '../support/mcp-http.js';

describeSurface('mcp-http', async () => {
  const { path, remove } = await temporaryFolder();
  return { env: { XDG_DATA_HOME: path }, remove };
});
