import { z } from 'zod';

const keyPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
const agentPattern = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,127}$/;
const targetPattern = /^(role:)?[A-Za-z0-9][A-Za-z0-9._@-]{0,127}$/;

/** Names a session, unique in its namespace. Case-sensitive. */
export const sessionKeySchema = z
  .string()
  .regex(keyPattern, '1 to 128 letters, digits, dots, underscores or hyphens, beginning with a letter or digit');

/** Names an isolation boundary (a tenant). Same form as a session key. */
export const namespaceSchema = sessionKeySchema;

const agentForm = '1 to 128 letters, digits, dots, underscores, at signs or hyphens, beginning with a letter or digit';

/** Names an agent. A colon is not allowed, so that no agent can pass for a role. */
export const agentSchema = z.string().regex(agentPattern, agentForm);

/** Names a role, without its `role:` prefix. */
export const roleSchema = agentSchema;

/** Whom a handoff is addressed to: an agent, or `role:NAME`. */
export const targetAgentSchema = z.string().regex(targetPattern, `an agent or role:NAME; a name is ${agentForm}`);

/** The address of whoever asks with this role. A role is an address, not a permission. */
export const roleAddress = (role: string): string => `role:${role}`;

/** Whether a handoff's target is a role rather than one agent. */
export const isRoleAddress = (target: string): boolean => target.startsWith('role:');

/** How much of a client's own name is read: callers choose its length, and an agent's name has at most 128 characters. */
const clientNameLength = 256;

/**
 * Turns the free-form name that an MCP client gives itself into an agent name, so that a person who configures nothing
 * still has a stable identity: `Claude Code` becomes `claude-code`. Returns undefined if nothing usable is left of its
 * first 256 characters.
 */
export function agentNameOf(clientName: string | undefined): string | undefined {
  const name = clientName
    ?.slice(0, clientNameLength)
    .toLowerCase()
    .replaceAll(/[^a-z0-9._@-]+/g, '-')
    .replace(/^[^a-z0-9]+/, '')
    .replace(/(?<!-)-+$/, '')
    .slice(0, 128);
  return name === undefined || name === '' ? undefined : name;
}
