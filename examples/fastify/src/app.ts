import { type FastifyInstance, type FastifyServerOptions, fastify } from "fastify";
import { adminRoutes } from "./admin.js";
import type { Config } from "./config.js";
import { closeConnections } from "./draining.js";
import { answerErrors } from "./errors.js";
import { metricsRoute } from "./metrics.js";
import { predictRoutes } from "./predict.js";
import type { ServedModel } from "./served-model.js";

/** The service, which closes the model when it is closed itself and its requests have been answered. */
export function buildApp(
  served: ServedModel,
  { model, adminToken }: Pick<Config, "model" | "adminToken">,
  options: FastifyServerOptions = {},
): FastifyInstance {
  // "1" is not a number.
  const app = fastify({ ...options, ajv: { customOptions: { coerceTypes: false } } });
  answerErrors(app);
  closeConnections(app);
  predictRoutes(app, served);
  metricsRoute(app, served);

  app.get("/health/live", async () => ({ status: "ok" }));
  app.get("/health/ready", async (_request, reply) => {
    return served.isOpen ? { status: "ok" } : reply.code(503).send({ status: "closed" });
  });

  if (adminToken !== undefined) {
    app.register(async (admin) => adminRoutes(admin, served, model, adminToken), { prefix: "/admin" });
  }
  app.addHook("onClose", async () => served.close());
  return app;
}
