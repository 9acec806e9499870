// Bundled by realm-build.ts and evaluated once for each seed, with the clock and the chance of its world.
export { startDevin } from '../../../sandbox/devin.ts';
export { startGitHub } from '../../../sandbox/github.ts';
export { startKms } from '../../../sandbox/kms.ts';
export { startS3 } from '../../../sandbox/s3.ts';
export { startSecretsManager } from '../../../sandbox/secrets-manager.ts';
