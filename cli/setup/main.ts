import { CallerError, callerEnvironment } from '../../lib/aws/caller-environment.ts';
import { type AwsEnvironment, awsEnvironment } from '../../lib/aws/environment.ts';
import { StackError } from '../../lib/aws/stack-sdk.ts';
import { ConfigError } from '../../lib/platform/config.ts';
import { UsageError } from '../command/usage-error.ts';
import { printableJson } from '../terminal/printable.ts';
import { type InputStream, InterruptedError, readHidden } from '../terminal/read-hidden.ts';
import { printLines, type Terminal } from '../terminal/terminal.ts';
import { readArguments, type SetupCommand } from './arguments.ts';
import { askOn } from './ask.ts';
import { type Person, readGitHubSource } from './credential-steps.ts';
import { type Deployment, readDeployment } from './deployment.ts';
import { exitCodeOf, type Finding, unknown } from './finding.ts';
import { findingLines, findingsAsJson, totalLine } from './print-findings.ts';
import { type Given, runSetup } from './run-setup.ts';
import { USAGE } from './usage.ts';

const WRONG = 2;
const INTERRUPTED = 130;
const STACK_WITHIN_MS = 30_000;

/** Runs `setup`. Nothing that it prints holds a token or a part of one. @returns the exit code */
export async function runSetupCommand(
  args: readonly string[],
  terminal: Terminal,
  input: InputStream,
): Promise<number> {
  const command = readArguments(args);
  try {
    switch (command.command) {
      case 'help':
        terminal.out.write(USAGE);
        return 0;
      case 'wrong':
        throw new UsageError(command.reason);
      case 'setup':
        return await (command.sandbox ? inSandbox(command, terminal) : forPerson(command, terminal, input));
      default:
        return command satisfies never;
    }
  } catch (error) {
    if (error instanceof InterruptedError) {
      printLines(terminal.err, ['interrupted']);
      return INTERRUPTED;
    }
    if (!(error instanceof UsageError || error instanceof ConfigError)) throw error;
    printLines(terminal.err, [
      { text: `error: ${error.message}`, style: 'red' },
      '--help lists the options and the exit codes',
    ]);
    return WRONG;
  }
}

async function forPerson(command: SetupCommand, terminal: Terminal, input: InputStream): Promise<number> {
  const { env, err } = terminal;
  const say = (text: string) => err.write(text);
  const readInput = async () => (await readHidden(input, say, 'Token (it is not shown): ')).trim();
  const given: Given = {
    admin: command.adminFromInput ? await readInput() : undefined,
    github: await readGitHubSource(command.github, readInput),
    owner: env.GH_TOKEN || env.GITHUB_TOKEN || undefined,
  };
  const canAsk = input.isTTY === true && !command.json && !command.isCheck;
  const person: Person | undefined = canAsk
    ? { ask: askOn(input, say), show: (findings) => printLines(err, findingLines(findings)) }
    : undefined;
  return perform(command, terminal, () => callerEnvironment(env), given, person);
}

/** The same with everything on this machine: the functions as they are built, and stand-ins for what they call. */
async function inSandbox(command: SetupCommand, terminal: Terminal): Promise<number> {
  // Loaded on demand: the sandbox is not deployed.
  const { startSetupSandbox } = await import('../../sandbox/setup.ts');
  const sandbox = await startSetupSandbox(command.location.kind === 'stack' ? command.location.name : '');
  const { admin, env, github, owner } = sandbox;
  const given: Given = command.isCheck ? { owner } : { admin, owner, ...(command.usesGitHub && { github }) };
  try {
    return await perform(command, terminal, async () => awsEnvironment(env), given, undefined);
  } finally {
    await sandbox.stop();
  }
}

async function perform(
  command: SetupCommand,
  terminal: Terminal,
  connect: () => Promise<AwsEnvironment>,
  given: Given,
  person: Person | undefined,
): Promise<number> {
  if (terminal.err.isTerminal && !command.json)
    printLines(terminal.err, [{ text: 'checking …', style: 'dim' }]);
  const found = await findAll(command, connect, given, person);
  const { findings } = found;
  const title = command.sandbox ? `${found.title}, played by stand-ins on this machine` : found.title;
  if (command.json) {
    terminal.out.write(`${printableJson({ deployment: title, findings: findingsAsJson(findings) })}\n`);
  } else {
    printLines(terminal.out, [
      { text: title, style: 'bold' },
      '',
      ...findingLines(findings),
      '',
      totalLine(findings),
    ]);
  }
  return exitCodeOf(findings);
}

async function findAll(
  command: SetupCommand,
  connect: () => Promise<AwsEnvironment>,
  given: Given,
  person: Person | undefined,
): Promise<{ readonly title: string; readonly findings: readonly Finding[] }> {
  const title = command.location.kind === 'stack' ? command.location.name : 'the deployment as given';
  let aws: AwsEnvironment;
  let deployment: Deployment;
  try {
    aws = await connect();
    deployment = await readDeployment(aws, command.location, Date.now() + STACK_WITHIN_MS);
  } catch (error) {
    if (error instanceof CallerError) {
      return {
        title,
        findings: [unknown('AWS', error.message, 'set AWS_REGION and credentials, or a profile')],
      };
    }
    if (!(error instanceof StackError)) throw error;
    const mend = 'is it deployed, and in this region and account? --stage or --stack names another';
    return { title, findings: [unknown('stack', error.message, mend)] };
  }
  return { title, findings: await runSetup(command, { aws, deployment, given, person }) };
}
