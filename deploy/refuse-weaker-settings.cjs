const { CloudFormationClient, GetTemplateCommand } = require('@aws-sdk/client-cloudformation');
const { settingsOf, weakerSettings } = require('./weaker-settings.cjs');

/** Names the parameters, separated by commas, that a deployment may weaken. */
const INSIST = 'ACCEPT_WEAKER';

/**
 * A plugin of osls. Before `osls deploy` changes anything, it compares the parameters with those of the deployed stack and
 * refuses what is weaker, unless a person names it.
 */
class RefuseWeakerSettings {
  constructor(serverless) {
    this.serverless = serverless;
    this.hooks = { 'before:aws:deploy:deploy:createStack': () => this.check() };
  }

  async check() {
    const provider = this.serverless.getProvider('aws');
    const stack = provider.naming.getStackName();
    const deployed = await deployedTemplate(provider, stack);
    if (deployed === undefined) return;
    const next = settingsOf(this.serverless.service.provider.compiledCloudFormationTemplate);
    const accepted = (process.env[INSIST] ?? '').split(',').map((name) => name.trim());
    const refused = weakerSettings(settingsOf(deployed), next).filter(({ name }) => !accepted.includes(name));
    if (refused.length > 0)
      throw new this.serverless.classes.Error(refusal(stack, refused), 'WEAKER_SETTINGS');
  }
}

/** `undefined` when there is no such stack yet. Any other error ends the deployment, since nothing can be compared then. */
async function deployedTemplate(provider, StackName) {
  try {
    const client = new CloudFormationClient(await provider.getAwsSdkV3Config());
    const read = new GetTemplateCommand({ StackName, TemplateStage: 'Original' });
    return JSON.parse((await client.send(read)).TemplateBody);
  } catch (error) {
    if (/does not exist/.test(error.message)) return undefined;
    throw error;
  }
}

function refusal(stack, refused) {
  const lines = refused.map(({ after, before, name }) => `  ${name}: ${before} -> ${after || '(empty)'}`);
  return `This deployment would weaken settings of the stack ${stack}, so nothing was deployed:
${lines.join('\n')}
A deployment sets every parameter: put the values into deploy/stages/<stage>.yml, or pass them with --param.
If you mean it, run the command again with ${INSIST}=${refused.map(({ name }) => name).join(',')} in its environment.`;
}

module.exports = RefuseWeakerSettings;
