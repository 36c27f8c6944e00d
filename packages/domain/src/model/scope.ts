/** The scopes that a credential may have, and what each one allows. */
export const scopes = {
  'context:read': 'Read sessions, their logs and briefings, and be notified when they change.',
  'context:write': 'Create sessions, append to them, change them, and move read marks (`ackSequence`).',
  handoff: 'See, request, accept and resolve handoffs. An acceptance answers with the briefing of its session.',
  admin: 'Everything: includes all other scopes.',
} as const;

/** What a credential allows its holder. */
export type Scope = keyof typeof scopes;
