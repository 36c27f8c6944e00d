import type { Logger } from 'pino';

/** A request that was answered: names, and no text that callers recorded. */
export interface LoggedCall {
  readonly requestId: string;
  /** The method of MCP. */
  readonly method: string;
  /** Undefined unless a tool was called. */
  readonly tool?: string | undefined;
  /** Whether the request may change what is stored. */
  readonly mayWrite: boolean;
  /** Undefined if callers are not asked for credentials. */
  readonly credential: string | undefined;
  /** Undefined if it is the default namespace. */
  readonly namespace: string | undefined;
  readonly agent: string | undefined;
  readonly sessionKey?: string | undefined;
  readonly handoffId?: string | undefined;
  /** `ok`, or the code of the error. */
  readonly outcome: string;
  readonly isReplay?: boolean | undefined;
  /** Undefined if the request was refused before it was served. */
  readonly durationMs?: number | undefined;
  /** The trace that the request is part of. */
  readonly traceId?: string | undefined;
}

export interface CallLogOptions {
  /** Which calls have a line in the audit trail. */
  readonly audits: 'off' | 'writes' | 'all';
  /** The share of successful calls in the audit trail, from 0 to 1. Calls that failed or were refused are always there. */
  readonly sample: number;
  /** The namespace of callers that name none. */
  readonly namespace: string;
  /** The issuer of all tokens. */
  readonly issuer?: string | undefined;
}

/** Returns true if a call may have a line. Otherwise calls need not be described. */
export const logsCalls = ({ audits }: Pick<CallLogOptions, 'audits'>, level: string | undefined): boolean =>
  audits !== 'off' || level === 'debug';

/**
 * Returns a function that logs a call: at level `debug` a line without names, and in the audit trail, whatever the level of
 * the log, a line with `audit: true` that says who called what.
 */
export function createCallLog(logger: Logger, options: CallLogOptions): (call: LoggedCall) => void {
  const { audits, sample, namespace, issuer } = options;
  const isDebugged = logger.isLevelEnabled('debug');
  const trail = logger.child({ audit: true }, { level: 'info' });
  return (call) => {
    const { requestId, method, tool, credential, outcome, traceId, durationMs } = call;
    if (isDebugged && tool !== undefined && durationMs !== undefined) {
      logger.debug({ requestId, tool, outcome, durationMs, traceId }, 'Call');
    }
    if (audits === 'off' || (audits === 'writes' && !call.mayWrite)) return;
    if (outcome === 'ok' && Math.random() >= sample) return;
    const { agent, sessionKey, handoffId, isReplay } = call;
    trail.info(
      {
        credential: credential ?? 'none',
        issuer: credential?.startsWith('subject:') === true ? issuer : undefined,
        namespace: call.namespace ?? namespace,
        agent,
        method,
        tool,
        sessionKey,
        handoffId,
        outcome,
        replayed: isReplay,
        requestId,
        traceId,
        durationMs,
      },
      'Audit',
    );
  };
}
