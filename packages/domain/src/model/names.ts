import { z } from 'zod';
import { shortNameOf } from './known-clients.js';

const keyPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
const agentPattern = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,127}$/;
const targetPattern = /^(role:)?[A-Za-z0-9][A-Za-z0-9._@-]{0,127}$/;

/** The name of a session, unique in its namespace. Case-sensitive. */
export const sessionKeySchema = z
  .string()
  .regex(keyPattern, '1 to 128 letters, digits, dots, underscores or hyphens, beginning with a letter or digit');

/** The name of an isolation boundary (a tenant). Same form as a session key. */
export const namespaceSchema = sessionKeySchema;

const agentForm = '1 to 128 letters, digits, dots, underscores, at signs or hyphens, beginning with a letter or digit';

/** The name of an agent. Case-sensitive. A colon is not allowed, so that no agent can pass for a role. */
export const agentSchema = z.string().regex(agentPattern, agentForm);

/** The name of a role, without its `role:` prefix. */
export const roleSchema = agentSchema;

/** The address of a handoff: an agent, or `role:NAME`. */
export const targetAgentSchema = z.string().regex(targetPattern, `an agent or role:NAME; a name is ${agentForm}`);

/** Returns the address of a role. Any agent may list the offers of a role: it is an address, not a permission. */
export const roleAddress = (role: string): string => `role:${role}`;

/** Whether the target of a handoff is a role. */
export const isRoleAddress = (target: string): boolean => target.startsWith('role:');

/** How many characters of a client's name are read: clients choose its length, and an agent name has at most 128. */
const clientNameLength = 256;

/**
 * Turns the free-form name of an MCP client into an agent name, which gives users who configure nothing a stable identity:
 * `codex-mcp-client` becomes `codex`, and `Some Client` becomes `some-client`. Returns undefined if the first 256 characters
 * hold nothing usable.
 */
export function agentNameOf(clientName: string | undefined): string | undefined {
  const reported = reportedNameOf(clientName);
  return reported === undefined ? undefined : shortNameOf(reported);
}

/** Returns the name that an MCP client reports in the form of an agent name, or undefined as {@link agentNameOf} does. */
export function reportedNameOf(clientName: string | undefined): string | undefined {
  const name = clientName
    ?.slice(0, clientNameLength)
    .toLowerCase()
    .replaceAll(/[^a-z0-9._@-]+/g, '-')
    .replace(/^[^a-z0-9]+/, '')
    .replace(/(?<!-)-+$/, '')
    .slice(0, 128);
  return name === undefined || name === '' ? undefined : name;
}
