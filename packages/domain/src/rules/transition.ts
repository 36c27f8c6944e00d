/** One legal step in the life of a session or a handoff. The diagrams in the docs are drawn from these. */
export interface Transition<Status extends string, Actor extends string> {
  readonly from: Status;
  readonly to: Status;
  /** Who or what makes the step. */
  readonly by: Actor;
  /** The action or event, in a few words. */
  readonly how: string;
}
