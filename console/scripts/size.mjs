// The place where the size budget of the built console is checked: `npm run size`.
import { readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { files } from './compress.mjs';

const DIST = join(dirname(fileURLToPath(import.meta.url)), '..', 'dist');
const KB = 1024;
const SHELL = 180 * KB;
const CHUNK = 400 * KB;
const TOTAL = 3 * 1024 * KB;

const gz = (path) => gzipSync(readFileSync(path)).length;
const all = [...files(DIST)];
const html = readFileSync(join(DIST, 'index.html'), 'utf8');
const first = [...html.matchAll(/(?:src|href)="\/(assets\/[^"]+)"/g)].map((m) => join(DIST, m[1]));
const shell = first.reduce((sum, path) => sum + gz(path), 0);
const total = all.filter((path) => path.endsWith('.br')).reduce((sum, path) => sum + statSync(path).size, 0);

const wrong = [];
if (shell > SHELL)
  wrong.push(`the first load is ${Math.round(shell / KB)} kB gzip, allowed are ${SHELL / KB}`);
for (const path of all.filter((name) => name.endsWith('.js'))) {
  const size = gz(path);
  if (size > CHUNK) wrong.push(`${path} is ${Math.round(size / KB)} kB gzip, allowed are ${CHUNK / KB}`);
}
if (total > TOTAL) wrong.push(`dist is ${Math.round(total / KB)} kB brotli, allowed are ${TOTAL / KB}`);

process.stdout.write(
  `first load ${Math.round(shell / KB)} kB gzip, whole console ${Math.round(total / KB)} kB brotli\n`,
);
if (wrong.length > 0) {
  process.stderr.write(`${wrong.join('\n')}\n`);
  process.exit(1);
}
