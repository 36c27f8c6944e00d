import { untilStopped } from '@org/context-store/until-stopped';
import { reserveStdout } from './reserve-stdout.js';

// Before the imports that load slowly: as process 1 of a container, this process gets only the signals that it handles.
const stopped = untilStopped();
const stdout = reserveStdout();
const { runMcpStdio } = await import('./run-mcp-stdio.js');
await runMcpStdio(stopped, stdout);
