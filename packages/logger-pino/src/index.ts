export { createCallLog, logsCalls, type CallLogOptions, type LoggedCall } from './call-log.js';
export { describeError, type DescribedError } from './describe-error.js';
export { createFaultLog, type Fault, type FaultLog } from './fault-log.js';
export { openLog, type Log, type Logger, type OpenLogOptions } from './open-log.js';
