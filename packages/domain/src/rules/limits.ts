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
  pageSize: 100,
  /** How many of the store's pages one answer of a list is put together from, when few rows of them match. */
  pagesLookedThrough: 50,
  roles: 16,
  minTokens: 400,
  maxTokens: 200_000,
  /** Ten years: longer is a mistake in the unit. */
  ttlSeconds: 315_360_000,
} as const;
