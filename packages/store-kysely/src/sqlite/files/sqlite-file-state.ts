/** Whether a store has the files open that lie at its path. */
export type SqliteFileState = { readonly isOpen: true } | { readonly isOpen: false; readonly reason: string };
