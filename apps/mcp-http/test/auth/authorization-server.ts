import { randomUUID, type JsonWebKey } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWTPayload } from 'jose';
import { Provider } from 'oidc-provider';
import { HttpServerProcess, type Env } from '../support/mcp-http.js';

/** The claims of each client's access tokens, by the name of the client. */
export type Clients = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

interface SigningKey {
  readonly privateKey: CryptoKey;
  readonly jwk: JsonWebKey & { readonly kid: string };
}

export const clientSecret = 'a secret that every client of the tests has';
/** The public URL of the server under test. */
export const resource = 'https://context.example/mcp';
const alg = 'ES256';
const scope = 'context:read context:write handoff admin unheard-of';

/** A real authorization server, which issues access tokens for any resource. */
export class AuthorizationServer {
  readonly issuer: string;
  readonly #clients: Clients;
  readonly #port: number;
  #server: Server;
  #answer: RequestListener = () => undefined;
  #key: SigningKey | undefined;
  #published: readonly SigningKey['jwk'][] = [];

  private constructor(server: Server, clients: Clients) {
    this.#server = server;
    this.#port = (server.address() as AddressInfo).port;
    this.#clients = clients;
    this.issuer = `http://127.0.0.1:${this.#port}`;
  }

  static async start(clients: Clients = {}): Promise<AuthorizationServer> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const authorizationServer = new AuthorizationServer(server, clients);
    await authorizationServer.rotateKeys();
    server.on('request', (request, response) => authorizationServer.#answer(request, response));
    return authorizationServer;
  }

  /** Signs with a new key from now on, and does not publish the old ones unless told to. */
  async rotateKeys({ keepsOld = false } = {}): Promise<void> {
    const { privateKey } = await generateKeyPair(alg, { extractable: true });
    const jwk = { ...(await exportJWK(privateKey)), kid: randomUUID(), use: 'sig', alg };
    this.#key = { privateKey, jwk };
    this.#published = keepsOld ? [...this.#published, jwk] : [jwk];
    this.#answer = new Provider(this.issuer, this.#configuration(this.#published)).callback();
  }

  /** Gets an access token with a client's credentials. */
  async token(client: string, scopes: string, audience: string = resource): Promise<string> {
    const response = await fetch(`${this.issuer}/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`${client}:${encodeURIComponent(clientSecret)}`)}` },
      body: new URLSearchParams({ grant_type: 'client_credentials', resource: audience, scope: scopes }),
    });
    const answer = (await response.json()) as { access_token?: string };
    if (answer.access_token === undefined) throw new Error(JSON.stringify(answer));
    return answer.access_token;
  }

  /** Signs an access token for `resource` with changed claims or headers. */
  async sign(changes: JWTPayload = {}, header: object = {}): Promise<string> {
    return new SignJWT({ ...this.claims(), ...changes })
      .setProtectedHeader({ alg, typ: 'at+jwt', kid: this.key.jwk.kid, ...header })
      .sign(this.key.privateKey);
  }

  claims(): JWTPayload {
    return {
      iss: this.issuer,
      aud: resource,
      sub: 'planner',
      exp: Math.floor(Date.now() / 1000) + 600,
      scope: 'context:read',
      context_namespace: 'acme',
    };
  }

  get key(): SigningKey {
    if (this.#key === undefined) throw new Error('not started');
    return this.#key;
  }

  /** Stops the server. `again` starts it on the same address. */
  async stop(): Promise<{ again: () => Promise<void> }> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
    return {
      again: async () => {
        this.#server = createServer((request, response) => this.#answer(request, response));
        this.#server.listen(this.#port, '127.0.0.1');
        await once(this.#server, 'listening');
      },
    };
  }

  #configuration(keys: readonly object[]): Readonly<Record<string, unknown>> {
    return {
      adapter: ClientsAlone,
      jwks: { keys },
      clientDefaults: { id_token_signed_response_alg: alg },
      clients: Object.keys(this.#clients).map((client) => ({
        client_id: client,
        client_secret: clientSecret,
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
      })),
      scopes: scope.split(' '),
      extraTokenClaims: (_context: unknown, { clientId }: { readonly clientId: string }) => this.#clients[clientId],
      ttl: { AccessToken: 600, ClientCredentials: 600 },
      features: {
        clientCredentials: { enabled: true },
        devInteractions: { enabled: false },
        resourceIndicators: {
          enabled: true,
          getResourceServerInfo: (_context: unknown, audience: string) => ({
            scope,
            audience,
            accessTokenTTL: 600,
            accessTokenFormat: 'jwt',
            jwt: { sign: { alg } },
          }),
        },
      },
    };
  }
}

/** Starts a server that accepts the tokens of the authorization server. */
export const serverFor = ({ issuer }: AuthorizationServer, env: Env = {}): Promise<HttpServerProcess> =>
  HttpServerProcess.start({
    DATABASE_URL: 'sqlite::memory:',
    AUTH_ISSUER: issuer,
    AUTH_AUDIENCE: resource,
    ...env,
  });

/** A storage that keeps nothing: clients are configured, and tokens are self-contained. */
class ClientsAlone {
  find = async (): Promise<undefined> => undefined;
  upsert = async (): Promise<void> => undefined;
}
