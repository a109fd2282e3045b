import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { defineConfig } from 'vite';

export default defineConfig({
  base: '/graphiql/',
  build: {
    target: 'es2022',
    cssTarget: 'chrome123',
    // The page's content security policy takes scripts and pictures from the server alone, never from data: addresses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // Almost all of it is one editor, which is not worth cutting up for a page that is cached for good.
    chunkSizeWarningLimit: 8000,
    // React's libraries mark modules for servers; in a browser the marks mean nothing.
    rolldownOptions: { onLog: (level, log, print) => log.code !== 'MODULE_LEVEL_DIRECTIVE' && print(level, log) },
  },
  worker: { format: 'es' },
  plugins: [gzipAssets()],
});

/** Leaves each asset only in its compressed form: that is how the server embeds and sends them. */
function gzipAssets() {
  let assets;
  return {
    name: 'gzip-assets',
    apply: 'build',
    configResolved: ({ build }) => {
      assets = join(build.outDir, build.assetsDir);
    },
    closeBundle: () => {
      for (const name of readdirSync(assets)) {
        const path = join(assets, name);
        writeFileSync(`${path}.gz`, gzipSync(readFileSync(path), { level: 9 }));
        rmSync(path);
      }
    },
  };
}
