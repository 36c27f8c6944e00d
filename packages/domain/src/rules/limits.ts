const kibibyte = 1024;

/** Bounds of single arguments. Those that a deployment may set are in `ContextStoreOptions` instead. */
export const limits = {
  titleBytes: 400,
  metadataBytes: 64 * kibibyte,
  summaryBytes: 16 * kibibyte,
  instructionsBytes: 16 * kibibyte,
  requestDataBytes: 64 * kibibyte,
  reasonBytes: 2 * kibibyte,
  resultBytes: 64 * kibibyte,
  /** The most that a deployment may allow for the content of one entry. */
  contentBytes: 64 * 1024 * kibibyte,
  pageSize: 100,
  /** How many of the store's pages one answer of a list is put together from, when few rows of them match. */
  pagesLookedThrough: 50,
  roles: 16,
  /** Who of a session's former owners learns that ownership moved; anyone before them is a stranger again. */
  formerOwners: 64,
  /** Longer than this, a client or a proxy between takes the silence for a lost connection. */
  waitSeconds: 45,
  leaseSeconds: 604_800,
  minTokens: 400,
  /** An acceptance holds a handoff, a session and a briefing. */
  minAcceptanceTokens: 1200,
  /** The budget of a list whose caller sets none. Some clients cut answers at three times this. */
  listTokens: 8000,
  maxTokens: 200_000,
  /** Ten years: longer is a mistake in the unit. */
  ttlSeconds: 315_360_000,
  /** Together with `waitSeconds`, no longer than a timer of Node.js can be set to: a longer one fires at once. */
  callTimeoutMs: 2_147_000_000,
} as const;
