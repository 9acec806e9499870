import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startFunctions } from './functions.ts';
import { signedDelivery } from './github.ts';
import { startSandbox } from './index.ts';
import { startLambdaApi } from './lambda-api.ts';

// npm run dev: serves the sandbox and the built functions on localhost until Ctrl-C, and prints what to try.

const auditDir = join('.sandbox', 'audit');
mkdirSync(auditDir, { recursive: true });
const sandbox = await startSandbox({ auditDir });
const functions = await startFunctions(sandbox, { onLog: (name, line) => say(`${name.padEnd(8)} ${line}`) });

const { revoke, webhook } = functions;
const lambda = await startLambdaApi({ webhook: webhook.invoke, revoke: revoke.invoke });

const leak = sandbox.leak();
const byIds = sandbox.leak({ name: 'another-bot' });
const byDetector = sandbox.leak({ name: 'wiki-bot' });
const payload = JSON.stringify(sandbox.github.payload(leak.alert));
const delivery = join('.sandbox', 'delivery.json');
writeFileSync(delivery, payload);
const { headers } = signedDelivery(Buffer.from(payload), sandbox.webhookSecret);
const flags = Object.entries(headers)
  .filter(([name]) => /^(x-github-event|x-hub-signature-256|content-type)$/.test(name))
  .map(([name, value]) => `-H '${name}: ${value}'`);
const { api_key_id, service_user_id } = byIds;

say(`
webhook   ${functions.webhookUrl}
lambda    ${lambda.url}
devin     ${sandbox.devin.url}
github    ${sandbox.github.url}
audit     ${auditDir}

A leak of ${leak.api_key_id}, as GitHub reports it:
  curl -i ${flags.join(' ')} --data-binary @${delivery} ${functions.webhookUrl}

A leak as any detector reports it: set these, then paste the first command of docs/sources.md:
  export LEAKS_URL=${functions.webhookUrl}leaks LEAKS_SECRET=${sandbox.standardSecret}
  export SERVICE_USER_ID=${byDetector.service_user_id} API_KEY_ID=${byDetector.api_key_id}

A key by its ids, as from the console:
  curl -i -d '${JSON.stringify({ service_user_id, api_key_id, reason: 'trying it out' })}' ${lambda.url}/2015-03-31/functions/revoke/invocations

Press Ctrl-C to stop.
`);

process.once('SIGINT', async () => {
  await functions.stop();
  await Promise.all([lambda.stop(), sandbox.stop()]);
});

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
