import { createHash, timingSafeEqual } from "node:crypto";
import type { FastifyInstance } from "fastify";
import { SavedModelError } from "savedmodel";
import type { ServedModel } from "./served-model.js";
import { type TrainingRequest, trainingSchema, trainModel } from "./train.js";

/** `POST /admin/reload` and `POST /admin/train`, for those who know the token. */
export function adminRoutes(app: FastifyInstance, served: ServedModel, model: string, token: string): void {
  let isTraining = false;

  app.addHook("onRequest", async (request, reply) => {
    if (!isSame(request.headers.authorization ?? "", `Bearer ${token}`)) return reply.code(401).send();
  });

  app.post("/reload", async (request, reply) => {
    try {
      await served.reload();
      return { reloads: served.reloads };
    } catch (error) {
      if (!(error instanceof SavedModelError)) throw error;
      request.log.error(error, "the new model is refused, the old one goes on");
      return reply.code(422).send({ code: error.code, message: error.rawMessage });
    }
  });

  app.post<{ Body: TrainingRequest }>("/train", { schema: { body: trainingSchema } }, async (request, reply) => {
    // There is one folder to write: of two trainings, one would be lost.
    if (isTraining) return reply.code(409).header("retry-after", "1").send({ code: "TRAINING" });
    isTraining = true;
    try {
      const loss = await trainModel(model, request.body);
      await served.reload();
      return { loss, reloads: served.reloads };
    } finally {
      isTraining = false;
    }
  });
}

/** Compares without telling by the time how much is right. */
function isSame(given: string, expected: string): boolean {
  const [a, b] = [given, expected].map((text) => createHash("sha256").update(text).digest());
  return a !== undefined && b !== undefined && timingSafeEqual(a, b);
}
