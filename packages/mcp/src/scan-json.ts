const [quote, backslash] = [0x22, 0x5c];
const [comma, colon] = [0x2c, 0x3a];
const [openBrace, closeBrace] = [0x7b, 0x7d];
const [openBracket, closeBracket] = [0x5b, 0x5d];

/** Arguments lie three levels deep, in the `params` of the message. No tool has twenty of them. */
const argumentsDepth = 3;
const mostArguments = 1000;
/** A call may carry one JSON object of 64 KiB, and no byte of that counts twice. */
const mostMarks = 64 * 1024;
/** Such an object may be nested 64 levels deep. */
const mostLevels = 128;
/** What is no longer cannot hold enough to matter: most calls are not looked at. */
const shortBytes = 4096;

/**
 * Whether a JSON text has more values, names or levels than any message that is served. They are what a message costs: a
 * mebibyte of them takes hundreds of times as long to parse, check and refuse as one string of that length. So the marks
 * between them are counted first, no further than they may go. Of a text that is no JSON, the answer means nothing.
 */
export function isTooIntricate(json: Uint8Array): boolean {
  if (json.length <= shortBytes) return false;
  let [depth, marks, near] = [0, 0, 0];
  for (let at = 0; at < json.length; at += 1) {
    switch (json[at]) {
      case quote:
        at = endOfString(json, at);
        break;
      case openBrace:
      case openBracket:
        depth += 1;
        marks += 1;
        break;
      case closeBrace:
      case closeBracket:
        depth -= 1;
        break;
      case comma:
        marks += 1;
        if (depth <= argumentsDepth) near += 1;
        break;
      case colon:
        marks += 1;
        break;
      default:
    }
    if (depth > mostLevels || marks > mostMarks || near > mostArguments) return true;
  }
  return false;
}

function endOfString(json: Uint8Array, start: number): number {
  let at = start + 1;
  while (at < json.length && json[at] !== quote) at += json[at] === backslash ? 2 : 1;
  return at;
}
