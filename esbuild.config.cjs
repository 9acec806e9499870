// One set of options for `npm run build` and for serverless-esbuild, so that what is tested is what is deployed.
const { build } = require('esbuild');

/**
 * Parts of the AWS SDK that are never called with the settings of lib/secrets.ts, but that its client imports: they are
 * most of its code, and of the time that it takes to load. An SDK that comes to need more of them breaks the build (an
 * import that is not there) or test/speed.
 */
const UNUSED = {
  // The credentials are given: Lambda has them in the environment.
  '@aws-sdk/credential-provider-node': 'export const defaultProvider = undefined;',
  // lib/aws-transport.ts sends.
  '@smithy/node-http-handler':
    'export const NodeHttpHandler = { create: (handler) => handler }; export const streamCollector = undefined;',
  // lib/aws.ts hashes.
  '@smithy/core/checksum': 'export const Sha256 = undefined;',
  // No operation here streams events.
  '@smithy/core/event-streams':
    'export const EventStreamSerde = undefined, eventStreamSerdeProvider = undefined;',
};
/** Settings from the environment, as the original reads them, without the files that Lambda does not have. */
const ENVIRONMENT_ONLY = `export const loadConfig = ({ environmentVariableSelector, default: fallback }) => async () =>
  environmentVariableSelector(process.env) ?? (typeof fallback === 'function' ? fallback() : fallback);`;

/** @type {import('esbuild').Plugin} */
const leaveOut = {
  name: 'leave-out',
  setup({ onLoad, onResolve }) {
    onResolve({ filter: /^@(aws-sdk|smithy)\// }, ({ path }) =>
      path in UNUSED ? { path, namespace: 'unused', sideEffects: false } : undefined,
    );
    onLoad({ filter: /.*/, namespace: 'unused' }, ({ path }) => ({ contents: UNUSED[path] }));
    onLoad({ filter: /[\\/]config[\\/]node-config-provider[\\/]configLoader\.js$/ }, () => ({
      contents: ENVIRONMENT_ONLY,
    }));
  },
};

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
  legalComments: 'none',
  sourcemap: false,
  logLevel: 'warning',
  plugins: [leaveOut],
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
