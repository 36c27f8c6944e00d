#!/usr/bin/env node
import { untilStopped } from './command/until-stopped.js';

// Comes before everything that takes long to load: process 1 does not get a signal that nothing handles yet.
const stopped = untilStopped();
const { runContextStore } = await import('./run-context-store.js');
await runContextStore(stopped);
