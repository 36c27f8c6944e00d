import { existsSync, globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { httpEnvironmentTable } from '@org/mcp-http/environment';
import { parse as parseToml } from 'smol-toml';
import { describe, expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { allCodeBlocks } from '../src/code-blocks.js';
import { anchorOf } from './anchor-of.js';
import { runExample } from './run-example.js';
import { commandLines, namesIn } from './shell-text.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const pages = globSync(['*.md', 'docs/**/*.md', 'tools/*/README.md'], { cwd: root }).toSorted();
const blocks = (
  await Promise.all(
    pages.map(async (page) =>
      allCodeBlocks(await readFile(join(root, page), 'utf8')).map((block) => ({ page, ...block })),
    ),
  )
).flat();
const blocksOf = (language: string) => blocks.filter((block) => block.language === language);

const { scripts } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
};

/** Blocks that another test tries, by language and page. */
const triedElsewhere: Readonly<Record<string, string>> = {
  'ts docs/quickstart/service-author.md': 'quickstarts.int.test.ts runs it, and reads what it prints',
  'ts docs/guides/handoffs.md': 'guides.int.test.ts runs all of them as one program',
  'ts docs/guides/library.md': 'guides.int.test.ts runs all of them as one program',
  'ts docs/guides/projects.md': 'guides.int.test.ts runs all of them as one program',
  'env docs/reference/configuration.md': 'configuration.int.test.ts reads each profile',
  'text docs/operations/troubleshooting.md': 'the troubleshooting tests provoke each line',
  'text docs/reference/command-line.md': 'the doctor tests of the command provoke each kind of line',
  'console docs/reference/command-line.md': 'command-line.int.test.ts runs it, and compares what it prints',
  'text README.md': 'quickstarts.int.test.ts checks that it names every project',
  'text docs/operations/performance.md': 'a profile by V8',
  'text docs/architecture.md': 'a picture of what layers.int.test.ts checks',
  'nginx docs/operations/deployment.md': 'the replicas-nginx and tls-nginx system tests of mcp-http run nginx with it',
  'mermaid docs/guides/handoffs.md': 'generated from the tables that the rules read',
  'mermaid README.md': 'a picture; demo.int.test.ts runs the story',
};

/** Commands that are not scripts of this repository, and what tests them or why no test can. */
const otherCommands: Readonly<Record<string, string>> = {
  'claude mcp add --transport http context-store http://127.0.0.1:3000/mcp': 'needs Claude Code',
  'claude mcp add context-store --scope user --transport http https://context.example.com/mcp --header "Authorization: Bearer csk_ci-planner.…"':
    'needs Claude Code; api-keys.int.test.ts sends such a header from other clients',
  'npx context-store keys create ci-planner --namespace acme --agent planner --scopes context:read,context:write,handoff':
    'run by keys.int.test.ts',
  'npx context-store keys create ci-planner --scopes context:read,context:write,handoff': 'run by keys.int.test.ts',
  'mcp-http &': 'the replicas-nginx system tests start replicas like this',
  'docker build --tag context-store .': 'needs docker; postgres-image-podman.system.test.ts runs the same with podman',
  'docker run --rm --user root --env-file production.env --volume /etc/context-store:/etc/context-store --entrypoint context-store context-store keys create ci-planner --scopes context:read,context:write,handoff':
    'needs docker; postgres-image-podman.system.test.ts runs the same with podman',
  'useradd --system context-store':
    'changes the system; postgres-unit-podman.system.test.ts does the same in a container',
  'install -d -m 755 /etc/context-store':
    'changes the system; postgres-unit-podman.system.test.ts does the same in a container',
  'install -m 644 deploy/production.env /etc/context-store/environment':
    'changes the system; postgres-unit-podman.system.test.ts does the same in a container',
  'install -m 600 /dev/null /etc/context-store/database_url':
    'changes the system; postgres-unit-podman.system.test.ts does the same in a container',
  "echo 'postgres://context:PASSWORD@database.internal:5432/context' > /etc/context-store/database_url":
    'changes the system; postgres-unit-podman.system.test.ts does the same in a container',
  'chown root:context-store /etc/context-store/keys.jsonl':
    'changes the system; postgres-unit-podman.system.test.ts does the same in a container',
  'chmod 640 /etc/context-store/keys.jsonl':
    'changes the system; postgres-unit-podman.system.test.ts does the same in a container',
  'install -m 644 deploy/mcp-http.service /etc/systemd/system/mcp-http.service':
    'changes the system; postgres-unit-podman.system.test.ts does the same in a container',
  'systemctl daemon-reload': 'changes the system; postgres-unit-podman.system.test.ts does the same in a container',
  'systemctl enable --now mcp-http':
    'changes the system; postgres-unit-podman.system.test.ts does the same in a container',
  'chown 1000 /etc/context-store/keys.jsonl /etc/context-store/database_url':
    'changes the system; postgres-unit-podman.system.test.ts does the same in a container',
  'docker run --rm --env-file production.env --env DATABASE_URL_FILE=/etc/context-store/database_url --volume /etc/context-store:/etc/context-store:ro --entrypoint context-store context-store migrate':
    'needs docker; postgres-image-podman.system.test.ts runs the same with podman',
  'docker run --detach --name context-store --restart unless-stopped --stop-timeout 15 --memory 768m --read-only --cap-drop ALL --security-opt no-new-privileges --env-file production.env --env DATABASE_URL_FILE=/etc/context-store/database_url --volume /etc/context-store:/etc/context-store:ro --publish 127.0.0.1:3000:3000 context-store':
    'needs docker; postgres-image-podman.system.test.ts runs the same with podman',
  'kubectl create namespace context-store': 'needs a cluster; kubernetes.int.test.ts checks the manifests',
  'kubectl label namespace context-store pod-security.kubernetes.io/enforce=restricted':
    'needs a cluster; kubernetes.int.test.ts checks the manifests',
  'kubectl --namespace context-store create secret generic context-store --from-file=database_url --from-file=redis_url --from-file=keys.jsonl':
    'needs a cluster; kubernetes.int.test.ts checks the manifests',
  'kubectl apply --kustomize deploy/kubernetes/mine': 'needs a cluster; kubernetes.int.test.ts checks the manifests',
  'npx -y @org/mcp-stdio': 'run by release.system.test.ts',
  'npm install @org/context-store': 'run by release.system.test.ts',
  'claude mcp add context-store --scope user --env CONTEXT_AGENT=claude-code -- npx -y @org/mcp-stdio':
    'needs Claude Code',
  'claude mcp add context-store --scope user --transport http https://context.example.com/mcp --header "Context-Agent: claude-code" --header "Authorization: Bearer csk_…"':
    'needs Claude Code',
  'umask 077': 'run by the backup system tests',
  'pg_dump --format=custom --file=context.dump "$DATABASE_URL"': 'run by backup-pgdump.system.test.ts',
  'createdb --maintenance-db="$DATABASE_URL" restored': 'run by backup-pgdump.system.test.ts',
  'pg_restore --exit-on-error --no-owner --dbname="${DATABASE_URL%/*}/restored" context.dump':
    'run by backup-pgdump.system.test.ts',
  'sqlite3 context.db "vacuum into \'backup.db\'"': 'run by backup-sqlite3.system.test.ts',
  'rm -f context.db context.db-wal context.db-shm': 'run by backup-sqlite3.system.test.ts',
  'cp backup.db context.db': 'run by backup-sqlite3.system.test.ts',
  [`curl -s http://127.0.0.1:3000/mcp -H 'Content-Type: application/json' -H 'Accept: application/json, text/event-stream' -d '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"registerSession","arguments":{"agent":"planner"}}}'`]:
    'run by quickstarts.int.test.ts',
  [`journalctl --unit mcp-http --output cat --follow | jq --unbuffered --compact-output --raw-input 'fromjson? | select(.audit)'`]:
    'needs systemd and jq; logs of mcp-http have the field, says postgres-audit.int.test.ts',
  [`jq --raw-input 'fromjson? | select(.audit and .credential == "key:ci-planner")' mcp-http.log`]: 'needs jq',
  [`jq --raw-input 'fromjson? | select(.audit and .sessionKey == "checkout")' mcp-http.log`]: 'needs jq',
  [`jq --raw-input 'fromjson? | select(.audit and .outcome == "FORBIDDEN")' mcp-http.log`]: 'needs jq',
  [`jq --raw-input 'fromjson? | select(.code == "UNAUTHORIZED") | [.time, .credential, .address, .msg]' mcp-http.log`]:
    'needs jq',
  [String.raw`sed -E -i 's/\b((sessions|context|handoffs|tool|db|cache|bus|http|nodejs|process)_[a-z0-9_]+|error_rate)\b/context_store_\1/g' dashboard.json alerts.yml alerts.test.yml`]:
    'run by observability.int.test.ts',
  'curl -s http://localhost:9090/metrics | head -n 50': 'metrics.int.test.ts scrapes that path',
};

/** Parsers for the languages that are only read. */
const readers: Readonly<Record<string, (code: string) => object>> = {
  json: (code) => JSON.parse(code) as object,
  jsonl: (code) =>
    code
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown),
  toml: parseToml,
  yaml: (code) => parseYaml(code) as object,
};

describe('the blocks of code on the pages', () => {
  it('are each tried somehow', () => {
    expect(pages).toEqual(
      expect.arrayContaining(['README.md', 'docs/operations/deployment.md', 'docs/operations/observability/logs.md']),
    );
    const untried = blocks.filter(
      ({ page, language }) =>
        !['ts', 'sh', ...Object.keys(readers)].includes(language) && !(`${language} ${page}` in triedElsewhere),
    );
    expect(untried).toEqual([]);
    const names = new Set(blocks.map(({ page, language }) => `${language} ${page}`));
    expect(Object.keys(triedElsewhere).filter((name) => !names.has(name))).toEqual([]);
  });

  it.each(blocksOf('ts').filter(({ page }) => !(`ts ${page}` in triedElsewhere)))(
    'run: $language in $page, line $line',
    { timeout: 60_000 },
    async ({ code }) => expect(await runExample(code)).toBe(''),
  );

  it.each(Object.keys(readers).flatMap(blocksOf))('can be read: $language in $page, line $line', (block) =>
    expect(Object.keys(readers[block.language]?.(block.code) ?? {})).not.toEqual([]),
  );
});

describe('the commands on the pages', () => {
  const commands = blocksOf('sh').flatMap(({ page, code }) =>
    commandLines(code).map((command) => ({ page, ...command })),
  );
  /** The arguments of `load` and `bench` are parsed by documented-commands.int.test.ts of tools/load. */
  const scriptOf = (text: string): string | undefined => /^npm (?:run )?([a-z:]+)(?: --.*)?$/.exec(text)?.[1];

  it('are scripts that exist, or known to this test', () => {
    const unknown = commands.filter(
      ({ text }) => text !== '' && !(text in otherCommands) && !((scriptOf(text) ?? '') in scripts),
    );
    expect(unknown).toEqual([]);
    const texts = new Set(commands.map(({ text }) => text));
    expect(Object.keys(otherCommands).filter((text) => !texts.has(text))).toEqual([]);
  });

  it('set variables that exist', () => {
    const set = commands.flatMap(({ variables }) => variables);
    expect(set).toContain('DATABASE_URL');
    expect(set.filter((name) => !(name in httpEnvironmentTable))).toEqual([]);
  });

  it('stand in sentences as well, of npm', async () => {
    for (const page of pages) {
      const named = namesIn(await readFile(join(root, page), 'utf8'));
      expect({ page, missing: named.filter((name) => !(name in scripts)) }).toEqual({ page, missing: [] });
    }
  });
});

/** The targets of the links on a page that lead to other files, relative to the repository, without anchors. */
const linkedFrom = async (page: string): Promise<string[]> =>
  [...(await readFile(join(root, page), 'utf8')).matchAll(/\]\(([^)\s#]+)[^)\s]*\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => join(dirname(page), target));

it('every page of the documentation is reachable from the README, by at most three links', async () => {
  const reached = new Set(['README.md']);
  for (let links = 0; links < 3; links += 1) {
    const next = await Promise.all([...reached].filter((page) => page.endsWith('.md')).map(linkedFrom));
    for (const target of next.flat()) if (pages.includes(target)) reached.add(target);
  }
  expect(pages.filter((page) => page.startsWith('docs/') && !reached.has(page))).toEqual([]);
});

const anchorsOf = async (page: string): Promise<string[]> =>
  [...(await readFile(page, 'utf8')).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => anchorOf(heading));

it.each(pages)('%s links to files that exist, and to headings that they have', async (page) => {
  const links = [...(await readFile(join(root, page), 'utf8')).matchAll(/\]\(([^)\s]+)\)/g)].map(
    ([, target = '']) => target,
  );
  for (const target of links.filter((link) => !/^[a-z]+:/.test(link))) {
    const [path = '', anchor] = target.split('#');
    const linked = path === '' ? join(root, page) : join(root, dirname(page), path);
    expect(existsSync(linked), target).toBe(true);
    expect(anchor === undefined || (await anchorsOf(linked)).includes(anchor), target).toBe(true);
  }
});
