export { startOtlpReceiver, type OtlpReceiver, type ReceivedSpan, type ReceiverMood } from './otlp-receiver.js';
export { scrape, type Sample, type Scrape } from './scrape.js';
