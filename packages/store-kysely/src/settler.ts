/** What a read found that the clock has done and that no write has stored yet. */
export interface Unsettled {
  readonly namespace: string;
  /** The row ids of offers that are stored as pending after their deadline. */
  readonly expired?: readonly number[] | undefined;
}

/** Tells the settler what a read found. It returns at once. */
export type NoticeUnsettled = (found: Unsettled) => void;

/** Stores what reads found, after they were answered: a read neither waits for it nor fails with it. */
export interface Settler {
  readonly notice: NoticeUnsettled;
  /** Starts nothing more, and waits for what is under way. */
  readonly close: () => Promise<void>;
}

export interface SettlerOptions {
  /**
   * Stores the lapse of some leases of a namespace: a bounded number of them in one transaction.
   * @returns whether more of them may follow
   */
  readonly settleLeases: (namespace: string) => Promise<boolean> | boolean;
  /** Stores that these offers expired. */
  readonly expireOffers: (rowIds: readonly number[]) => Promise<unknown> | void;
}

/** How long nothing is stored after a failure: at first, and at most. The pause doubles in between. */
const pauses = { firstMs: 250, longestMs: 30_000 };
/** More offers than these are left to later reads. */
const noticedOffers = 4096;

/**
 * One transaction runs at a time, however many reads notice something. After a failure (a full disk, a lock, a standby)
 * nothing runs until a pause is over and another read notices something.
 */
export function createSettler(options: SettlerOptions): Settler {
  const settler = new StoringSettler(options);
  return { notice: (found) => settler.notice(found), close: () => settler.close() };
}

class StoringSettler {
  readonly #options: SettlerOptions;
  readonly #namespaces = new Set<string>();
  readonly #expired = new Set<number>();
  #running: Promise<void> | undefined;
  #pauseMs = 0;
  /** On the scale of `performance.now()`. */
  #pausedUntilMs = 0;
  #closed = false;

  constructor(options: SettlerOptions) {
    this.#options = options;
  }

  notice({ namespace, expired = [] }: Unsettled): void {
    this.#namespaces.add(namespace);
    for (const rowId of expired) if (this.#expired.size < noticedOffers) this.#expired.add(rowId);
    if (this.#closed || performance.now() < this.#pausedUntilMs) return;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    try {
      // The read is answered first, and calls that arrive between two transactions go before the next.
      for (await nextTurn(); !this.#closed && (await this.#storeSome()); await nextTurn());
      this.#pauseMs = 0;
    } catch {
      // Nothing is lost: reads compute what is not stored. The statement's failure is in the metrics.
      this.#pauseMs = Math.min(Math.max(2 * this.#pauseMs, pauses.firstMs), pauses.longestMs);
      this.#pausedUntilMs = performance.now() + this.#pauseMs;
    }
  }

  /** @returns whether there was anything to store */
  async #storeSome(): Promise<boolean> {
    const [namespace] = this.#namespaces;
    if (namespace !== undefined) {
      // At first: one namespace that cannot be settled must not keep the others from it.
      this.#namespaces.delete(namespace);
      if (await this.#options.settleLeases(namespace)) this.#namespaces.add(namespace);
      return true;
    }
    const rowIds = [...this.#expired];
    this.#expired.clear();
    if (rowIds.length > 0) await this.#options.expireOffers(rowIds);
    return rowIds.length > 0;
  }
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
