import { run } from './audit/main.ts';

const { exitCode, text } = await run(process.argv.slice(2), process.env);
(exitCode === 2 ? process.stderr : process.stdout).write(text);
process.exitCode = exitCode;
