import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { FastifyInstance } from "fastify";
import { type CallEvent, type ErrorEvent, SavedModelError } from "savedmodel";
import type { ServedModel } from "./served-model.js";

/** `GET /metrics` in Prometheus' text format, counted from what the runtime publishes. */
export function metricsRoute(app: FastifyInstance, served: ServedModel): void {
  let calls = 0;
  let seconds = 0;
  const errors = new Map<string, number>();

  const onCall = (message: unknown): void => {
    calls++;
    seconds += (message as CallEvent).durationMs / 1000;
  };
  const onError = (message: unknown): void => {
    const { error } = message as ErrorEvent;
    const code = error instanceof SavedModelError ? error.code : "UNKNOWN";
    errors.set(code, (errors.get(code) ?? 0) + 1);
  };
  subscribe("savedmodel:call", onCall);
  subscribe("savedmodel:error", onError);
  app.addHook("onClose", async () => {
    unsubscribe("savedmodel:call", onCall);
    unsubscribe("savedmodel:error", onError);
  });

  app.get("/metrics", (_request, reply) => {
    const lines = [
      `model_calls_total ${calls}`,
      `model_call_seconds_total ${seconds}`,
      `model_pending_calls ${served.client.pending}`,
      `model_reloads_total ${served.reloads}`,
      ...Array.from(errors, ([code, count]) => `model_errors_total{code="${code}"} ${count}`),
    ];
    return reply.type("text/plain; version=0.0.4").send(`${lines.join("\n")}\n`);
  });
}
