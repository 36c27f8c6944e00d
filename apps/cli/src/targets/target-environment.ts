import { environmentTable, optionalVariable, secret, type Environment } from '@org/context-store/environment';
import { z } from 'zod';

const serverSchema = z
  .string()
  .refine((text) => /^https?:$/.test(protocolOf(text)), 'not a URL with http:// or https://');

/** The variables of the commands alone. The servers do not read them. */
export const serverEnvironmentTable = {
  CONTEXT_SERVER: optionalVariable(
    serverSchema,
    'commands work on DATABASE_URL',
    'The MCP server that commands call, in place of a database: its address, with the path unless that is /mcp.',
  ),
  CONTEXT_API_KEY: secret(
    optionalVariable(
      z.string(),
      'calls carry no credential',
      'The API key or token that commands send to CONTEXT_SERVER.',
    ),
  ),
} as const;

/** All variables that say what the commands work on, and by which rules. */
export const targetEnvironmentTable = { ...environmentTable, ...serverEnvironmentTable } as const;

export type TargetEnvironment = Environment<typeof targetEnvironmentTable>;

function protocolOf(text: string): string {
  try {
    return new URL(text).protocol;
  } catch {
    return '';
  }
}
