/** What a command does; it resolves to the exit code. */
export type Act = () => Promise<number>;

/** Runs an act for its exit code. */
export type RunAct = (act: Act) => Promise<void>;
