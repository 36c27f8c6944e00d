import type { Origin, Telemetry } from '@org/domain';

/** Who comes later does not count on it: the connection that it came over may have broken, and nobody noticed yet. */
const joinableMs = 1000;

/** What any number of reads wait for, of whom each may leave before it is there. */
export class SharedLoad<Loaded> {
  readonly #telemetry: Telemetry;
  readonly #served: { readonly origin: Origin }[] = [];
  readonly #allLeft = new AbortController();
  readonly #over = new AbortController();
  readonly #sinceMs = performance.now();
  #waiting = 0;

  constructor(telemetry: Telemetry) {
    this.#telemetry = telemetry;
  }

  /** False: it began too long ago, or may be given up, as all who waited have left. */
  get isJoinable(): boolean {
    return !this.#allLeft.signal.aborted && performance.now() - this.#sinceMs < joinableMs;
  }

  /** A read waits for it, in whose course this is called. Its signal says that it has left. */
  join(signal: AbortSignal | undefined): void {
    this.#served.push({ origin: this.#telemetry.origin() });
    this.#waiting += 1;
    const leave = (): void => {
      this.#waiting -= 1;
      if (this.#waiting === 0) this.#allLeft.abort();
    };
    if (signal?.aborted === true) leave();
    else signal?.addEventListener('abort', leave, { signal: this.#over.signal });
  }

  /** @param load serves all who wait. Its signal says that they have left; one of them alone ends nothing. */
  async run(load: (signal: AbortSignal) => Promise<Loaded>): Promise<Loaded> {
    try {
      return await this.#telemetry.attribute(this.#served, () => load(this.#allLeft.signal));
    } finally {
      this.#over.abort();
    }
  }
}
