import type { ContextStoreError } from '@org/context-store';
import type { HttpTelemetry, RefusalReason } from '@org/telemetry-otel';

/** The JSON-RPC error code with which the SDK answers refusals at the level of HTTP. */
export const refused = -32_000;

/** Why a request is not served: an HTTP status, and the JSON-RPC error of its answer. */
export interface Refusal {
  readonly status: number;
  /** The label under which metrics count it. */
  readonly reason: RefusalReason;
  readonly code: number;
  readonly message: string;
  /** The id of the request, as JSON. See `MessageRefusal`. */
  readonly id?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** The same error for programs, in the answer's `data`. */
  readonly error?: ContextStoreError | undefined;
}

/** What a refusal needs to know about its request. */
export interface RefusedRequest extends Pick<HttpTelemetry, 'countRefusal'> {
  /** Every answer carries it, in `X-Request-Id`. */
  readonly requestId: string;
}

/** Counts a refusal and writes its answer. JSON-RPC 2.0, section 5.1: the id is null if it could not be read. */
export function refusalResponse(
  { status, reason, code, message, id = 'null', headers = {}, error }: Refusal,
  { requestId, countRefusal }: RefusedRequest,
): Response {
  countRefusal(status, reason);
  const problem = JSON.stringify({ code, message, data: { ...error?.toJSON(), requestId } });
  return new Response(`{"jsonrpc":"2.0","error":${problem},"id":${id}}`, {
    status,
    headers: { 'content-type': 'application/json', ...headers },
  });
}
