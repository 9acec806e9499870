// Instead of sandbox/http-server.ts, for the stand-ins of the simulation: what it exports, without sockets.
import { listen } from 'simulation:network';
import type { SandboxServer, ServerOptions } from '../../../sandbox/http-server.ts';

export async function startServer(options: ServerOptions): Promise<SandboxServer> {
  const url = listen(options);
  return { url, requests: [], fault() {}, clearFaults() {}, stop: async () => {} };
}
