import { untilStopped } from '@org/context-store/until-stopped';

if (process.argv[2] === 'mcp') {
  // A program with other options and settings. It must start fast, so it loads nothing of the other commands.
  process.argv.splice(2, 1);
  await import('@org/mcp-stdio/program');
} else {
  // Before all that takes long to load, because Linux drops signals to process 1 until it handles them.
  const stopped = untilStopped();
  const { runContextStore } = await import('./run-context-store.js');
  await runContextStore(stopped);
}
