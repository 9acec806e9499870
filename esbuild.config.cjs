// One set of options for `npm run build` and for serverless-esbuild, so that what is tested is what is deployed.
const { build } = require('esbuild');

/** @type {import('esbuild').BuildOptions} */
const options = {
  bundle: true,
  platform: 'node',
  target: 'node24',
  // CommonJS: an ES module that imports node:http loads undici on Node 24 (25 ms), and modules of one file can be
  // evaluated later, when the first request is on the wire.
  format: 'cjs',
  mainFields: ['module', 'main'],
  minify: true,
  keepNames: true,
  legalComments: 'none',
  sourcemap: false,
  logLevel: 'warning',
};

// serverless-esbuild calls it with its instance, and wants the extension under a name of its own.
module.exports = (serverless) =>
  serverless === undefined ? options : { ...options, outputFileExtension: '.cjs' };

if (require.main === module) {
  build({
    ...options,
    entryPoints: ['webhook', 'revoke', 'sweep-keys', 'sweep-alerts', 'digest', 'reconcile'].map(
      (name) => `handlers/${name}.ts`,
    ),
    outdir: 'dist/handlers',
    outExtension: { '.js': '.cjs' },
    metafile: true,
  })
    .then(({ metafile }) => {
      if (process.argv.includes('--quiet')) return;
      for (const [file, { bytes }] of Object.entries(metafile.outputs)) {
        process.stdout.write(`${file}  ${(bytes / 1024).toFixed(0)} KiB\n`);
      }
    })
    .catch(() => process.exit(1));
}
