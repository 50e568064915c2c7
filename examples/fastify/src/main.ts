import { buildApp } from "./app.js";
import { readConfig } from "./config.js";
import { Regression } from "./generated/regression.js";
import { ServedModel } from "./served-model.js";

const config = readConfig(process.env);
const { maxQueue, maxBatch, maxDelayMs } = config;
const served = new ServedModel(() =>
  Regression.load(config.model, { maxQueue, batching: { pred: { maxBatch, maxDelayMs } } }),
);
const app = buildApp(served, config, { logger: true });

process.on("SIGHUP", () => {
  served.reload().then(
    () => app.log.info("serving the new model"),
    (error: unknown) => app.log.error(error, "the new model is refused, the old one goes on"),
  );
});

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.once(signal, () => {
    // New connections are rejected, open requests are answered, the model is closed, and the process exits.
    void app.close();
    setTimeout(() => process.exit(1), config.graceMs).unref();
  });
}

await app.listen({ host: config.host, port: config.port });
