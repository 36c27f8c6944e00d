import { join } from 'node:path';
import { describeFuzzing } from './fuzz/describe-fuzzing.js';

describeFuzzing('on SQLite', (folder) => `sqlite:${join(folder, 'context.db')}`);
