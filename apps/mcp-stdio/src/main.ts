import { untilStopped } from '@org/context-store/until-stopped';
import { takeStdout } from './take-stdout.js';

// Comes before everything that takes long to load: process 1 does not get a signal that nothing handles yet.
const stopped = untilStopped();
const stdout = takeStdout();
const { runMcpStdio } = await import('./run-mcp-stdio.js');
await runMcpStdio(stopped, stdout);
