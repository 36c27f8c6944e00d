import { untilStopped } from '@org/context-store/until-stopped';

// Comes before everything that takes long to load: process 1 does not get a signal that nothing handles yet.
const stopped = untilStopped();
const { runMcpHttp } = await import('./run-mcp-http.js');
await runMcpHttp(stopped);
