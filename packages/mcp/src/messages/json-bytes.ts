/** The bytes that structure a JSON text. In UTF-8, none of them is part of another character. */
export const [quote, backslash] = [0x22, 0x5c];
export const [comma, colon] = [0x2c, 0x3a];
export const [openBrace, closeBrace] = [0x7b, 0x7d];
export const [openBracket, closeBracket] = [0x5b, 0x5d];
