const jsonEscapeGrowth = 6;
const allTheRestBytes = 1024 * 1024;

/**
 * The largest JSON-RPC message that a valid call can need: content may arrive with every byte written as \u00XX, and
 * whatever else a call carries is bounded by the domain to far less than a mebibyte.
 */
export const maxMessageBytes = (maxContentBytes: number): number =>
  maxContentBytes * jsonEscapeGrowth + allTheRestBytes;
