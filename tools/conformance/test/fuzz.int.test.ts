import { join } from 'node:path';
import { describeFuzzing } from './fuzz/describe-fuzzing.js';

describeFuzzing('on SQLite', { databaseUrl: (folder) => `sqlite:${join(folder, 'context.db')}`, cases: 300 });
