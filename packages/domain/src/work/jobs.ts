import type { Accepted } from './job.js';

/** The jobs of one worker that run. */
export interface Jobs {
  /** Whether a job runs on this acceptance. Another acceptance of the same handoff has another epoch. */
  readonly has: (accepted: Accepted) => boolean;
  readonly add: (accepted: Accepted, job: Promise<void>) => void;
  /** Waits until one more job may run, or the signal aborts. */
  readonly untilFree: (stop: AbortSignal) => Promise<void>;
  readonly untilDone: () => Promise<void>;
}

export function createJobs(concurrency: number): Jobs {
  const running = new Map<string, Promise<void>>();
  let wake: () => void = () => undefined;
  return {
    has: (accepted) => running.has(keyOf(accepted)),
    add: (accepted, job) => {
      const key = keyOf(accepted);
      const ended = job.finally(() => {
        running.delete(key);
        wake();
      });
      running.set(key, ended);
    },
    untilFree: (stop) =>
      new Promise((resolve) => {
        wake = () => {
          if (running.size >= concurrency && !stop.aborted) return;
          stop.removeEventListener('abort', wake);
          resolve();
        };
        stop.addEventListener('abort', wake);
        wake();
      }),
    untilDone: async () => {
      await Promise.all(running.values());
    },
  };
}

const keyOf = ({ handoff, session }: Accepted): string => `${handoff.handoffId} ${session.epoch}`;
