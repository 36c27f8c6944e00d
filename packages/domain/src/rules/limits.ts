const kibibyte = 1024;

/** Bounds of single arguments. `ContextStoreOptions` has those that a deployment may set. */
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
  /** The most store pages that one answer of a list is filled from, if few of their rows match. */
  pagesScanned: 50,
  roles: 16,
  /**
   * The former owners that a session remembers, and the former participants. The owners get OWNERSHIP_LOST; older ones
   * get NOT_A_PARTICIPANT.
   */
  formerOwners: 64,
  /** The names of agents and roles that a namespace remembers. Callers choose names, so there may be any number. */
  agentsKept: 1000,
  /** Clients and proxies take a longer silence for a lost connection. */
  waitSeconds: 45,
  leaseSeconds: 604_800,
  /** How long the owner must be silent before a session is taken over, unless the deployment sets another time. */
  takeOverAfterMs: 600_000,
  /** Characters of the reason for a take-over that its entry in the log repeats. */
  takeOverReason: 1000,
  minTokens: 400,
  /** Larger than `minTokens`, because an acceptance holds a handoff, a session and a briefing. */
  minAcceptanceTokens: 1200,
  /** The default budget of a list. Some clients cut answers at three times this. */
  listTokens: 8000,
  maxTokens: 200_000,
  /** Ten years. A longer TTL is a mistake in the unit. */
  ttlSeconds: 315_360_000,
  /** With `waitSeconds` added, still within the longest timer of Node.js: a longer timer fires at once. */
  callTimeoutMs: 2_147_000_000,
} as const;
