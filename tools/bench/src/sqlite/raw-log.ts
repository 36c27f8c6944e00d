import Sqlite from 'better-sqlite3';
import { shownEntries } from '../row.js';

export interface RawLog {
  /**
   * The least that a durable append can be on the product's schema: a transaction of two prepared statements that checks
   * what the product checks, updates the session, and inserts the entry.
   */
  readonly append: (sessionKey: string, content: string) => void;
  /** Reads what an answer shows of the newest entries, by one prepared statement. */
  readonly latest: (sessionKey: string) => readonly unknown[];
  readonly settings: () => Record<string, string>;
  readonly close: () => void;
}

const namespace = 'default';

/** Opens the product's schema without the product. */
export function openRawLog(path: string, agent: string): RawLog {
  const database = new Sqlite(path);
  database.pragma('journal_mode = wal');
  database.pragma('synchronous = full');
  database.pragma('foreign_keys = on');
  const extendLog = database.prepare<[number, number, number, string, string, string, number, number]>(`
    update sessions set
      last_sequence = last_sequence + 1, content_bytes = content_bytes + ?, estimated_tokens = estimated_tokens + ?,
      last_activity_at = ?
    where namespace = ? and session_key = ? and state = 'active' and owner = ? and epoch = ?
      and (ttl_ms is null or last_activity_at + ttl_ms > ?)
    returning id, last_sequence, epoch, estimated_tokens`);
  const insertEntry = database.prepare(`
    insert into context_history (
      session_id, sequence, context_type, agent, epoch, pinned, created_at, content_bytes, estimated_tokens, tokens_before,
      metadata, content
    ) values (?, ?, 'message', ?, ?, 0, ?, ?, ?, ?, '{}', ?)`);

  const latest = database.prepare(`
    select sequence, context_type, agent, content, content_bytes, estimated_tokens, metadata, pinned, created_at
    from context_history
    where session_id = (select id from sessions where namespace = ? and session_key = ?)
    order by sequence desc limit ?`);

  const append = database.transaction((sessionKey: string, content: string) => {
    const nowMs = Date.now();
    const bytes = Buffer.byteLength(content);
    const tokens = Math.ceil(bytes / 3.5);
    const row = extendLog.get(bytes, tokens, nowMs, namespace, sessionKey, agent, 1, nowMs);
    if (row === undefined) throw new Error('the append was refused');
    const session = row as { id: number; last_sequence: number; epoch: number; estimated_tokens: number };
    const tokensBefore = session.estimated_tokens - tokens;
    const place = [session.id, session.last_sequence, agent, session.epoch];
    insertEntry.run(...place, nowMs, bytes, tokens, tokensBefore, content);
  });
  return {
    append: (sessionKey, content) => append.immediate(sessionKey, content),
    latest: (sessionKey) => latest.all(namespace, sessionKey, shownEntries),
    settings: () => ({
      'SQLite version': String(database.prepare('select sqlite_version()').pluck().get()),
      'SQLite synchronous': String(database.pragma('synchronous', { simple: true })),
      'SQLite journal_mode': String(database.pragma('journal_mode', { simple: true })),
    }),
    close: () => database.close(),
  };
}
