const mask = '***';

/** `//user:password@` of a URL. The user is masked too, since it may be a token. */
const userInfo = /(?<=\/\/)[^\s/?#"\\]+@/g;
/** `password=…`, `"token": "…"`, `Authorization: Bearer …`, also in JSON inside JSON. Numbers in JSON are left as they are. */
const named =
  /((?:password|passwd|pwd|secret|token|api[-_]?key|authorization)(?:\\?["'])?\s*[:=]\s*(?:\\?["'])?(?:(?:bearer|basic)\s+)?)(?<!":)[^\s"'\\,;&}]+/gi;
const credentials = /\b(bearer|basic)\s+[\w.~+/=-]{8,}/gi;
/** A key of `context-store keys create`, anywhere in the line: callers may send one as their request id. */
const apiKey = /csk_[\w.-]+/g;
/** Tries each run of characters only at its start: callers may send 16 KiB in which a token could begin anywhere. */
const jsonWebToken = /(?<![\w-])(?=[\w-]*\beyJ)[\w-]+\.[\w-]+\.[\w-]*/g;

/** Masks passwords, tokens and keys in a line of the log. It is the last defence: no code should log any. */
export function maskSecrets(line: string): string {
  return line
    .replaceAll(userInfo, `${mask}@`)
    .replaceAll(named, `$1${mask}`)
    .replaceAll(credentials, `$1 ${mask}`)
    .replaceAll(apiKey, mask)
    .replaceAll(jsonWebToken, mask);
}
