import { run } from './enroll/main.ts';

const interrupted = new AbortController();
process.once('SIGINT', () => interrupted.abort());
process.once('SIGTERM', () => interrupted.abort());

const { err, exitCode, out } = await run(process.argv.slice(2), process.env, {
  input: process.stdin,
  interrupted: interrupted.signal,
  say: (text) => process.stderr.write(text),
});
if (out !== undefined) process.stdout.write(out);
if (err !== undefined) process.stderr.write(err);
process.exitCode = exitCode;
