/** Configuration of this service, from the environment. */
export interface Config {
  readonly host: string;
  readonly port: number;
  /** The SavedModel to serve. `POST /admin/train` replaces it. */
  readonly model: string;
  /** Without it, the routes below `/admin` do not exist. */
  readonly adminToken: string | undefined;
  /** Maximum number of waiting calls; further ones get 503. */
  readonly maxQueue: number;
  /** Maximum number of rows in a batch of concurrent predictions. */
  readonly maxBatch: number;
  /** Milliseconds that the first call of a batch waits for others. */
  readonly maxDelayMs: number;
  /** Milliseconds that open requests may take after SIGTERM. */
  readonly graceMs: number;
}

/** @throws Error naming the variable that is missing or no number */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  const { MODEL } = env;
  if (!MODEL) throw new Error("MODEL must name the folder of the SavedModel to serve");
  return {
    host: env.HOST ?? "127.0.0.1",
    port: integer(env, "PORT", 3000),
    model: MODEL,
    adminToken: env.ADMIN_TOKEN || undefined,
    maxQueue: integer(env, "MAX_QUEUE", 1024),
    maxBatch: integer(env, "MAX_BATCH", 256),
    maxDelayMs: integer(env, "MAX_DELAY", 2),
    graceMs: integer(env, "GRACE", 10_000),
  };
}

function integer(env: NodeJS.ProcessEnv, name: string, otherwise: number): number {
  const text = env[name];
  if (text === undefined) return otherwise;
  if (!/^\d{1,9}$/.test(text)) throw new Error(`${name} must be an integer, not ${JSON.stringify(text)}`);
  return Number(text);
}
