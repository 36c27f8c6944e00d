export { openOtlpTraces, type OtlpTraces, type OtlpTracesOptions } from './open-otlp-traces.js';
