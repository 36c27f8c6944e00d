const jsonEscapeGrowth = 6;
const otherArgumentsBytes = 1024 * 1024;

/**
 * The size in bytes of the largest JSON-RPC message that a valid call can need. Clients may write every byte of the content
 * as \u00XX, and the domain limits all other arguments to far less than a mebibyte.
 */
export const maxMessageBytes = (maxContentBytes: number): number =>
  maxContentBytes * jsonEscapeGrowth + otherArgumentsBytes;
