import type { Scene } from './scene.ts';
export function describeDeployment(_scene: () => Scene): void {}
