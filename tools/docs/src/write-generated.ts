import { readFile, writeFile } from 'node:fs/promises';
import { generatedDocs } from './generated-docs.js';
import { withGenerated } from './generated-section.js';

/** Fills the generated sections of `docs` anew: `npm run docs`. */
for (const [file, sections] of Object.entries(generatedDocs)) {
  const path = new URL(`../../../docs/${file}`, import.meta.url);
  let markdown = await readFile(path, 'utf8');
  for (const [name, content] of Object.entries(sections)) markdown = withGenerated(markdown, name, content);
  await writeFile(path, markdown);
}
