import { totalmem } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import { metrics, type MeterProvider } from '@opentelemetry/api';
import { instrumentsOf, processMetrics } from './metrics.js';

/** The histogram records the time between two ticks of a timer with this interval. */
const resolutionMs = 20;

/**
 * Measures the process: event loop, memory, CPU, by the names of {@link processMetrics}. For programs without another
 * instrumentation of Node.js.
 *
 * @param provider creates the meter. Default: the provider that the process registered globally
 * @returns a function that ends the measurements
 */
export function observeProcess(provider: Pick<MeterProvider, 'getMeter'> = metrics): () => void {
  const meter = provider.getMeter('@org/telemetry-otel');
  const { gauge, observableCounter } = instrumentsOf(meter, processMetrics);
  const p50 = gauge('nodejs_eventloop_lag_p50_seconds');
  const p99 = gauge('nodejs_eventloop_lag_p99_seconds');
  const heapUsed = gauge('nodejs_heap_size_used_bytes');
  const heapLimit = gauge('nodejs_heap_size_limit_bytes');
  const resident = gauge('process_resident_memory_bytes');
  const memoryLimit = gauge('process_memory_limit_bytes');
  const cpu = observableCounter('process_cpu_seconds_total');
  const all = [p50, p99, heapUsed, heapLimit, resident, memoryLimit, cpu];

  const delay = monitorEventLoopDelay({ resolution: resolutionMs });
  delay.enable();
  const lagSeconds = (percentile: number): number =>
    delay.count === 0 ? 0 : Math.max(0, delay.percentile(percentile) / 1e9 - resolutionMs / 1000);

  const observe: Parameters<typeof meter.addBatchObservableCallback>[0] = (result) => {
    result.observe(p50, lagSeconds(50));
    result.observe(p99, lagSeconds(99));
    delay.reset();
    const heap = getHeapStatistics();
    result.observe(heapUsed, heap.used_heap_size);
    result.observe(heapLimit, heap.heap_size_limit);
    result.observe(resident, process.memoryUsage.rss());
    result.observe(memoryLimit, memoryLimitBytes());
    const { user, system } = process.cpuUsage();
    result.observe(cpu, (user + system) / 1e6);
  };
  meter.addBatchObservableCallback(observe, all);
  return () => {
    meter.removeBatchObservableCallback(observe, all);
    delay.disable();
  };
}

/** If no limit is set, Node.js reports one that is larger than the machine's memory. */
function memoryLimitBytes(): number {
  const constrained = process.constrainedMemory();
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}
