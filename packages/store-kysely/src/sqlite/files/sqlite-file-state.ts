/** Whether a store has opened the files that are at its path. */
export type SqliteFileState =
  | {
      /** Whether the files at the path of the database are open. */
      readonly isOpen: true;
    }
  | {
      /** Whether the files at the path of the database are open. */
      readonly isOpen: false;
      /** What happened to them, as a line for the log. */
      readonly reason: string;
    };
