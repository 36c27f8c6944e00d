const mask = '***';

/** `//user:password@` of a URL, all of it: the user may be a token. */
const userInfo = /(?<=\/\/)[^\s/?#"\\]+@/g;
/** `password=…`, `"token": "…"`, `Authorization: Bearer …`, also inside JSON in JSON. A bare number in JSON stays one. */
const named =
  /((?:password|passwd|pwd|secret|token|api[-_]?key|authorization)(?:\\?["'])?\s*[:=]\s*(?:\\?["'])?(?:(?:bearer|basic)\s+)?)(?<!":)[^\s"'\\,;&}]+/gi;
const credentials = /\b(bearer|basic)\s+[\w.~+/=-]{8,}/gi;
/** A key of `mcp-http create-api-key`, wherever it stands: a caller may send it as its request id. */
const apiKey = /csk_[\w.-]+/g;
/** Looks at each run of characters once, from its beginning: a caller may send a run of 16 KiB that begins many tokens. */
const jsonWebToken = /(?<![\w-])(?=[\w-]*\beyJ)[\w-]+\.[\w-]+\.[\w-]*/g;

/** A line of the log without what opens doors. The last line of defence: nothing is logged that should need it. */
export function maskSecrets(line: string): string {
  return line
    .replaceAll(userInfo, `${mask}@`)
    .replaceAll(named, `$1${mask}`)
    .replaceAll(credentials, `$1 ${mask}`)
    .replaceAll(apiKey, mask)
    .replaceAll(jsonWebToken, mask);
}
