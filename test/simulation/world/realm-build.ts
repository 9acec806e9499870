import { fileURLToPath } from 'node:url';
import { type BuildOptions, build, type Plugin } from 'esbuild';

/** The functions that take part in the simulation. */
export const FUNCTIONS = ['webhook', 'revoke', 'reconcile', 'sweep-alerts', 'sweep-keys', 'digest'] as const;
export type FunctionName = (typeof FUNCTIONS)[number];

/** Source texts, for the main thread to build once and for every worker to compile. */
export interface RealmSources {
  readonly vendor: string;
  readonly standIns: string;
  readonly functions: Readonly<Record<FunctionName, string>>;
}

/** Packages that keep no state of a function: one copy serves all containers, which a seed of milliseconds needs. */
const VENDOR = [
  'zod/mini',
  '@middy/core',
  '@smithy/signature-v4',
  '@aws-sdk/client-kms',
  '@aws-sdk/client-s3',
  '@aws-sdk/client-secrets-manager',
  '@aws-sdk/client-sns',
];

const root = fileURLToPath(new URL('../../..', import.meta.url));
const options = {
  absWorkingDir: root,
  bundle: true,
  write: false,
  platform: 'node',
  target: 'node24',
  format: 'cjs',
  mainFields: ['module', 'main'],
  // An import() becomes a require in a microtask: a real one would not end before the next step of the world.
  supported: { 'dynamic-import': false },
  legalComments: 'none',
  logLevel: 'warning',
} as const satisfies BuildOptions;

/** The stand-ins of the sandbox, on the simulated network instead of a socket. */
const withoutSockets: Plugin = {
  name: 'without-sockets',
  setup({ onResolve }) {
    const path = fileURLToPath(new URL('simulated-server.ts', import.meta.url));
    onResolve({ filter: /^\.\/http-server\.ts$/ }, () => ({ path }));
  },
};

/** The handlers as they are, the packages that they use, and the stand-ins, each as the text of a CommonJS module. */
export async function buildRealms(): Promise<RealmSources> {
  const imports = VENDOR.map((name, index) => `import * as v${index} from '${name}';`);
  const names = VENDOR.map((name, index) => `'${name}': v${index}`);
  const contents = `${imports.join('')}export const packages = {${names.join()}};`;
  const entry = (name: string) => ({ ...options, external: VENDOR, entryPoints: [`handlers/${name}.ts`] });
  const [vendor, standIns, ...functions] = await Promise.all([
    text({ ...options, stdin: { contents, resolveDir: root } }),
    text({
      ...options,
      external: ['simulation:network'],
      plugins: [withoutSockets],
      entryPoints: ['test/simulation/world/stand-ins.ts'],
    }),
    ...FUNCTIONS.map(async (name) => withoutCopies(await text(entry(name)))),
  ]);
  const built = Object.fromEntries(FUNCTIONS.map((name, index) => [name, functions[index]]));
  return { vendor, standIns, functions: built as Record<FunctionName, string> };
}

async function text(given: BuildOptions): Promise<string> {
  const { outputFiles = [] } = await build(given);
  return outputFiles[0]!.text;
}

/** Packages are given as ES modules, which need no copy; a container would make one of each. */
function withoutCopies(code: string): string {
  return code.replace(/__toESM\((require\("[^"]+"\))(?:, 1)?\)/g, '$1');
}
