/** Whether a store has opened the files that are at its path. */
export type SqliteFileState = { readonly isOpen: true } | { readonly isOpen: false; readonly reason: string };
