import type { Origin, Telemetry } from '@org/domain';

/** Later reads start a new load: the connection of an old one may have broken without notice. */
const joinableMs = 1000;

/** One load that several reads wait for. Each of them may leave before it has ended. */
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

  /** Returns false if the load began too long ago, or is aborted because all reads that waited have left. */
  get isJoinable(): boolean {
    return !this.#allLeft.signal.aborted && performance.now() - this.#sinceMs < joinableMs;
  }

  /** Adds the read in whose context this is called. Its signal aborts when it leaves. */
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

  /** @param load serves all waiting reads. Its signal aborts when the last of them has left */
  async run(load: (signal: AbortSignal) => Promise<Loaded>): Promise<Loaded> {
    try {
      return await this.#telemetry.attribute(this.#served, () => load(this.#allLeft.signal));
    } finally {
      this.#over.abort();
    }
  }
}
