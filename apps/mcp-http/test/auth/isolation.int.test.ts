import { describeIsolation } from './describe-isolation.js';

describeIsolation('on SQLite', () => 'sqlite::memory:');
