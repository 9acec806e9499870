declare module 'simulation:network' {
  /** Answers what is sent to the URL that it returns. */
  export function listen(server: import('../../../sandbox/http-server.ts').ServerOptions): string;
}
