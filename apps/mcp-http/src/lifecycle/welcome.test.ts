import { readFile } from 'node:fs/promises';
import { databaseLocation } from '@org/context-store';
import { describe, expect, it } from 'vitest';
import { welcomeText } from './welcome.js';

const url = 'http://127.0.0.1:3000/mcp';
const unguarded = { version: '1', url, publicUrl: url, needsApiKey: false };
const welcome = (database: string, namespace = 'default') =>
  welcomeText({ ...unguarded, location: databaseLocation(database), namespace });

describe('the welcome', () => {
  it('shows in a few lines the URL, where the data is, and what to paste into a client', async () => {
    const text = welcome('sqlite:/tmp/my data.db', 'team');
    expect(text.split('\n').length).toBeLessThanOrEqual(25);
    expect(text).toContain('/tmp/my data.db');
    expect(text).toContain(`claude mcp add --transport http context-store ${url}\n`);
    expect(text).toContain(`--env DATABASE_URL='sqlite:/tmp/my data.db' --env CONTEXT_NAMESPACE=team -- /`);
    const snippets = text
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line.startsWith('{'));
    const [http, stdio] = snippets.map(
      (snippet) => (JSON.parse(snippet) as { mcpServers: Record<string, unknown> }).mcpServers['context-store'],
    );
    expect(http).toEqual({ type: 'http', url });
    expect(stdio).toMatchObject({ env: { DATABASE_URL: 'sqlite:/tmp/my data.db', CONTEXT_NAMESPACE: 'team' } });
    expect(await readFile((stdio as { command: string }).command, 'utf8')).toContain('mcp-stdio');
  });

  it('has a placeholder for the API key, and the public URL', () => {
    const publicUrl = 'https://store.example/mcp';
    const location = databaseLocation('sqlite::memory:');
    const text = welcomeText({ ...unguarded, publicUrl, needsApiKey: true, location, namespace: 'default' });
    expect(text).toContain(`context-store ${publicUrl} --header "Authorization: Bearer YOUR_API_KEY"\n`);
    expect(text).toContain(`"url":"${publicUrl}","headers":{"Authorization":"Bearer YOUR_API_KEY"}`);
  });

  it('does not show stdio for data that no other process can reach', () => {
    expect(welcome('sqlite::memory:')).not.toContain('mcp-stdio');
  });

  it('leaves out a URL that may contain a password', () => {
    const text = welcome('postgres://root:secret@127.0.0.1:5432/context?sslpassword=secret');
    expect(text).toContain('PostgreSQL at 127.0.0.1:5432/context\n');
    expect(text).toContain('--env DATABASE_URL="${DATABASE_URL}" -- /');
    expect(text).not.toContain('secret');
  });

  it('shows a URL without a secret as it is', () => {
    const database = 'postgres://root@127.0.0.1:5432/context';
    expect(welcome(database)).toContain(`"env":{"DATABASE_URL":"${database}"}`);
  });
});
