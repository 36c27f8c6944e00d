import { setImmediate } from 'node:timers/promises';
import { ExportResultCode, type ExportResult } from '@opentelemetry/core';
import { BatchSpanProcessor, TracerProvider, type SpanExporter } from '@opentelemetry/sdk-trace';
import { beforeEach, describe, expect, it } from 'vitest';
import { installDiagLog } from './diag-log.js';
import { ExportReport } from './export-report.js';

describe('a queue with room for one span', () => {
  let lines: string[];
  let nowMs: number;
  let answers: ((result: ExportResult) => void)[];
  let provider: TracerProvider;
  beforeEach(() => {
    [lines, answers, nowMs] = [[], [], 0];
    const log = (line: string): void => void lines.push(line);
    const diagLog = installDiagLog(log);
    const report = new ExportReport({
      signal: 'traces',
      url: 'http://receiver/v1/traces',
      urlVariable: 'THE_URL',
      diagLog,
      log,
      nowMs: () => nowMs,
    });
    diagLog.onDroppedSpans = (spans) => report.dropped(spans);
    const silent: SpanExporter = {
      export: (_spans, done) => void answers.push(done),
      shutdown: () => Promise.resolve(),
    };
    const exporter = report.watch(silent);
    const batches = { maxQueueSize: 1, maxExportBatchSize: 1 };
    provider = new TracerProvider({ spanProcessors: [new BatchSpanProcessor({ ...batches, exporter })] });
  });

  function trace(spans: number): void {
    for (let span = 0; span < spans; span += 1) provider.getTracer('test').startSpan('span').end();
  }

  /** Ends the export that is under way. The next one begins, so the queue has room again. */
  async function answer(result: ExportResult): Promise<void> {
    answers.shift()?.(result);
    await setImmediate();
    expect(answers).not.toEqual([]);
  }

  const taken = { code: ExportResultCode.SUCCESS };
  const failed = { code: ExportResultCode.FAILED, error: Object.assign(new Error('planted'), { code: 500 }) };
  const slow = expect.stringMatching(
    /^http:\/\/receiver\/v1\/traces takes traces more slowly than they come: [1-9]\d* spans were dropped/,
  ) as unknown;
  const lost = expect.stringMatching(/^Traces do not reach .*HTTP 500.*THE_URL\.$/) as unknown;
  const found = 'Traces reach http://receiver/v1/traces again.';

  it('that fills up repeatedly is one line, until no span was dropped for a minute', async () => {
    // One is under way, and one waits.
    trace(2 + 3);
    for (const laterMs of [0, 59_000, 59_000]) {
      nowMs += laterMs;
      await answer(taken);
      trace(1 + 4);
    }
    expect(lines).toEqual([slow]);
    nowMs += 61_000;
    await answer(taken);
    trace(1);
    expect(lines).toEqual([slow, slow]);
  });

  it('that fills up while exports fail has no further line, neither then nor when spans arrive again', async () => {
    trace(2 + 3);
    await answer(failed);
    trace(1 + 5);
    await answer(taken);
    trace(1);
    expect(lines).toEqual([lost, found]);
    await answer(taken);
    trace(1 + 5);
    await answer(taken);
    trace(1);
    expect(lines).toEqual([lost, found, slow]);
  });
});
