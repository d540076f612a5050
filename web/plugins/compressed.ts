import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import type { Plugin } from "vite";

const WORTH_IT = /\.(js|css|html|svg|txt|json)$/;

/** Writes a `.br` and a `.gz` beside each file that becomes smaller by it: the server compresses nothing itself. */
export function compressed(): Plugin {
  return {
    name: "compressed",
    apply: "build",
    writeBundle: {
      order: "post",
      sequential: true,
      handler({ dir }) {
        for (const name of readdirSync(dir!, { recursive: true, encoding: "utf8" })) {
          if (!WORTH_IT.test(name)) continue;
          const path = join(dir!, name);
          const content = readFileSync(path);
          const brotli = brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });
          const gzip = gzipSync(content, { level: 9 });
          if (brotli.length < content.length) writeFileSync(`${path}.br`, brotli);
          if (gzip.length < content.length) writeFileSync(`${path}.gz`, gzip);
        }
      },
    },
  };
}
