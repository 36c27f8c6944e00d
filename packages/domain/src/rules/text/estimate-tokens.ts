const bytesPerToken = 3.5;

/**
 * About how many tokens a text of this many UTF-8 bytes costs a model. A ratio rather than a tokenizer: it depends on no
 * model, adds up over entries without an error of its own, and costs nothing on the path of an append, where the cheapest
 * tokenizer we tried spent 45 µs on 500 bytes.
 */
export const estimateTokens = (utf8Bytes: number): number => Math.ceil(utf8Bytes / bytesPerToken);

/** The tokens of a value as it goes over the wire: compact JSON. */
export const estimateJsonTokens = (value: unknown): number => estimateTokens(Buffer.byteLength(JSON.stringify(value)));

/** The most UTF-8 bytes that stay within a number of tokens. */
export const bytesWithin = (tokens: number): number => Math.floor(tokens * bytesPerToken);
