#!/usr/bin/env node
import { untilStopped } from './command/until-stopped.js';

// Before all that takes long to load, because Linux drops signals to process 1 until it handles them.
const stopped = untilStopped();
const { runContextStore } = await import('./run-context-store.js');
await runContextStore(stopped);
