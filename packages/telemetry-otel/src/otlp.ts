export { openOtlpTraces, type OtlpTraces, type OtlpTracesOptions } from './sdk/open-otlp-traces.js';
