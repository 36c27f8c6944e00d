import { untilStopped } from '@org/context-store/until-stopped';

// Handles signals before the program loads: the kernel drops signals to process 1 that have no handler.
const stopped = untilStopped();
const { runMcpHttp } = await import('./run-mcp-http.js');
await runMcpHttp(stopped);
