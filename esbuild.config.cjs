// One set of options for `npm run build` and for serverless-esbuild, so that what is tested is what is deployed.
const { build } = require('esbuild');
const { readdirSync, statSync } = require('node:fs');
const { basename, dirname, join } = require('node:path');

const OUT = 'dist/handlers';

/**
 * What a file of lib/ imports dynamically is built beside the bundle and loaded when it is needed: a cold start compiles
 * the whole bundle, used or not. Such a file has copies of what it imports, so it must not share state with the bundle.
 */
const IN_LIB = /[\\/]lib[\\/](?!.*[\\/]node_modules[\\/])/;

/** @type {import('esbuild').Plugin} */
const apart = {
  name: 'apart',
  setup({ initialOptions, onEnd, onResolve }) {
    const sources = new Set();
    onResolve({ filter: /^\.{1,2}\/.*\.ts$/ }, ({ importer, kind, path, resolveDir }) => {
      if (kind !== 'dynamic-import' || !IN_LIB.test(importer)) return undefined;
      sources.add(join(resolveDir, path));
      return { path: `./${basename(path, '.ts')}.cjs`, external: true };
    });
    onEnd(async () => {
      const { outdir, outfile, write } = initialOptions;
      const folder = outdir ?? dirname(outfile);
      if (write === false || sources.size === 0) return;
      // All at once, so that what they have in common is read once. They may load others.
      const names = { entryNames: '[name]', outExtension: { '.js': '.cjs' } };
      await build({ ...options, ...names, entryPoints: [...sources], outdir: folder });
    });
  },
};

/** @type {import('esbuild').BuildOptions} */
const options = {
  bundle: true,
  platform: 'node',
  target: 'node24',
  // CommonJS: an ES module that imports node:http loads undici on Node 24 (25 ms).
  format: 'cjs',
  mainFields: ['module', 'main'],
  minify: true,
  legalComments: 'none',
  sourcemap: false,
  logLevel: 'warning',
  plugins: [apart],
};

// serverless-esbuild calls it with its instance, and wants the extension under a name of its own.
module.exports = (serverless) =>
  serverless === undefined ? options : { ...options, outputFileExtension: '.cjs' };

if (require.main === module) {
  build({
    ...options,
    // Each file there is a function.
    entryPoints: readdirSync('handlers')
      .filter((file) => file.endsWith('.ts'))
      .map((file) => `handlers/${file}`),
    outdir: OUT,
    outExtension: { '.js': '.cjs' },
  })
    .then(() => {
      if (process.argv.includes('--quiet')) return;
      for (const file of readdirSync(OUT)) {
        const path = join(OUT, file);
        process.stdout.write(`${path}  ${(statSync(path).size / 1024).toFixed(0)} KiB\n`);
      }
    })
    .catch(() => process.exit(1));
}
