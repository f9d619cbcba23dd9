// The place where built files get their brotli copies, which the server sends as they are.
import { brotliCompressSync, constants } from 'node:zlib';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const WORTH_IT = 1024;
const TEXT = /\.(js|css|html|svg|json|txt)$/;

export function* files(folder) {
  for (const name of readdirSync(folder).sort()) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) yield* files(path);
    else yield path;
  }
}

/** A vite plugin: writes `name.br` beside each text file that is worth it. */
export function compress() {
  let out = 'dist';
  return {
    name: 'compress',
    apply: 'build',
    configResolved(config) {
      out = config.build.outDir;
    },
    writeBundle() {
      for (const path of [...files(out)]) {
        if (!TEXT.test(path) || statSync(path).size < WORTH_IT) continue;
        const bytes = readFileSync(path);
        const params = {
          [constants.BROTLI_PARAM_QUALITY]: 11,
          [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
        };
        writeFileSync(`${path}.br`, brotliCompressSync(bytes, { params }));
      }
    },
  };
}
