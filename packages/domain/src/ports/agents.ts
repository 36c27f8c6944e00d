/** Names that were seen in a namespace. */
export interface NoteAgents {
  readonly namespace: string;
  /** Agents, and addresses of roles as `roleAddress` makes them. */
  readonly names: readonly string[];
}

/** Asks for the names that were seen in a namespace. */
export interface ListAgents {
  readonly namespace: string;
  readonly limit: number;
}
