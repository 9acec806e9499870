export { packageOnce as setup } from './packaged.ts';
