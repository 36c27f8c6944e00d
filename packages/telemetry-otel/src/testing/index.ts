export { startOtlpReceiver, type OtlpReceiver, type ReceiverMood } from './otlp-receiver.js';
export type { ReceivedMetric, ReceivedSpan } from './received.js';
export { scrape, type Sample, type Scrape } from './scrape.js';
