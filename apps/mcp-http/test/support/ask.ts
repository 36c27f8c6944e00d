import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import type { UseCaseName } from '@org/context-store';
import { post, type HttpServerProcess } from './mcp-http.js';
import type { Arguments } from './tool-calls.js';

export type Json = Record<string, unknown>;

/** A client with a credential. */
export class Holder {
  readonly #server: HttpServerProcess;
  readonly #headers: Record<string, string>;
  readonly credential: string;

  /** @param headers sent with each request */
  constructor(server: HttpServerProcess, credential: string, headers: Record<string, string> = {}) {
    this.#server = server;
    this.credential = credential;
    this.#headers = { authorization: `Bearer ${credential}`, ...headers };
  }

  /** Sends one request. Returns the result or the error of the answer, with its HTTP status. */
  async ask(method: string, params: Json = {}): Promise<Json> {
    const response = await post(this.#server.mcp, { jsonrpc: '2.0', id: 1, method, params }, this.#headers);
    const text = await response.text();
    const data = text.startsWith('{') ? text : (/^data: (.*)$/m.exec(text)?.[1] ?? text);
    const { result, error } = JSON.parse(data) as { result?: Json; error?: Json };
    return { status: response.status, ...(result ?? { error }) };
  }

  call(name: string, args: Arguments = {}): Promise<Json> {
    return this.ask('tools/call', { name, arguments: args });
  }

  /** Calls a tool, and returns its result. Fails if the call fails. */
  async result(name: UseCaseName, args: Arguments = {}): Promise<Json> {
    const answer = await this.call(name, args);
    if (answer['isError'] !== undefined || answer['status'] !== 200) throw new Error(JSON.stringify(answer));
    return answer['structuredContent'] as Json;
  }

  /** Subscribes to resources, and collects their change notifications. */
  async listen(uris: string[]): Promise<readonly string[]> {
    const heard: string[] = [];
    const mode = { pin: '2026-07-28' };
    const client = new Client({ name: 'listener', version: '1' }, { versionNegotiation: { mode } });
    const requestInit = { headers: this.#headers };
    await client.connect(new StreamableHTTPClientTransport(new URL(this.#server.mcp), { requestInit }));
    client.setNotificationHandler('notifications/resources/updated', ({ params }) => void heard.push(params.uri));
    client.setNotificationHandler('notifications/resources/list_changed', () => void heard.push('list'));
    await client.listen({ resourceSubscriptions: uris, resourcesListChanged: true });
    return heard;
  }
}
