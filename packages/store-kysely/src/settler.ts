/** Expired offers and lapsed leases that a read found, and that are not stored yet. */
export interface Unsettled {
  readonly namespace: string;
  /** The row numbers of offers that are stored as pending after their deadline. */
  readonly expired?: readonly number[] | undefined;
}

/** Reports to the settler what a read found. Returns at once. */
export type NoticeUnsettled = (found: Unsettled) => void;

/** Stores what reads found, after they were answered. A read neither waits for that nor fails with it. */
export interface Settler {
  readonly notice: NoticeUnsettled;
  /** Starts no further transaction, and waits for the one under way. */
  readonly close: () => Promise<void>;
}

export interface SettlerOptions {
  /**
   * Stores the lapse of some leases of a namespace: a bounded number of them in one transaction.
   * @returns whether more of them may follow
   */
  readonly settleLeases: (namespace: string) => Promise<boolean> | boolean;
  /** Stores that these offers expired. */
  readonly expireOffers: (handoffRowIds: readonly number[]) => Promise<unknown> | void;
}

/** How long nothing is stored after a failure: at first, and at most. The pause doubles in between. */
const pauses = { firstMs: 250, longestMs: 30_000 };
/** Maximum number of offers to remember. Later reads find the others again. */
const noticedOffers = 4096;

/**
 * Creates a settler that runs one transaction at a time. After a failure, such as a full disk, a lock or a standby, the
 * next transaction starts when a pause is over and another read reports something.
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
    for (const handoffRowId of expired) if (this.#expired.size < noticedOffers) this.#expired.add(handoffRowId);
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
      // The read is answered first. Calls that arrive between two transactions run before the next one.
      for (await nextTurn(); !this.#closed && (await this.#storeSome()); await nextTurn());
      this.#pauseMs = 0;
    } catch {
      // Nothing is lost: reads compute what is not stored. The metrics show the failure.
      this.#pauseMs = Math.min(Math.max(2 * this.#pauseMs, pauses.firstMs), pauses.longestMs);
      this.#pausedUntilMs = performance.now() + this.#pauseMs;
    }
  }

  /** @returns whether there was anything to store */
  async #storeSome(): Promise<boolean> {
    const [namespace] = this.#namespaces;
    if (namespace !== undefined) {
      // Removed first, so that a namespace that cannot be settled does not block the others.
      this.#namespaces.delete(namespace);
      if (await this.#options.settleLeases(namespace)) this.#namespaces.add(namespace);
      return true;
    }
    const handoffRowIds = [...this.#expired];
    this.#expired.clear();
    if (handoffRowIds.length > 0) await this.#options.expireOffers(handoffRowIds);
    return handoffRowIds.length > 0;
  }
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
