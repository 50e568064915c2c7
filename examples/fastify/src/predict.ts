import { Readable } from "node:stream";
import type { FastifyInstance } from "fastify";
import { clientGone } from "./client-gone.js";
import { predictLines } from "./predict-lines.js";
import type { ServedModel } from "./served-model.js";

interface Predict {
  readonly Body: { readonly rows: readonly (readonly number[])[] };
}

/** Limits what a request may cost; whether the rows fit is for the model to say. */
const schema = {
  body: {
    type: "object",
    required: ["rows"],
    additionalProperties: false,
    properties: {
      rows: {
        type: "array",
        minItems: 1,
        maxItems: 10_000,
        items: { type: "array", maxItems: 16, items: { type: "number" } },
      },
    },
  },
};

/** `POST /predict` for a few rows, and `POST /predict/stream` for as many as one likes: NDJSON in, NDJSON out. */
export function predictRoutes(app: FastifyInstance, served: ServedModel): void {
  app.post<Predict>("/predict", { schema }, async (request, reply) => {
    const predictions = await served.client.async.pred(request.body.rows, { signal: clientGone(reply) });
    return { predictions: Array.from(predictions.data) };
  });

  app.addContentTypeParser("application/x-ndjson", (_request, payload, done) => done(null, payload));

  app.post<{ Body: Readable }>("/predict/stream", (request, reply) => {
    const lines = predictLines(served, request.body, clientGone(reply));
    // After an error its client may continue to write; nobody reads that.
    void reply.header("connection", "close");
    // A group of predictions is made when the one before has been taken: a slow reader slows the writer down.
    return reply.type("application/x-ndjson").send(Readable.from(lines, { highWaterMark: 1 }));
  });
}
