import type { FastifyInstance } from "fastify";
import { type ErrorCategory, SavedModelError } from "savedmodel";

/** The HTTP status for an error of a call, by where its cause lies. */
const STATUSES: Readonly<Record<ErrorCategory, number>> = {
  input: 400,
  // It is shutting down, or there is more to do than it can take.
  busy: 503,
  model: 500,
  library: 500,
  internal: 500,
};

/** The HTTP status for an error of a call. */
function statusOf({ code, category }: SavedModelError): number {
  // Nobody reads the answer. The status is for the log.
  return code === "ABORTED" ? 499 : STATUSES[category];
}

/** Answers errors of the model with their code; what clients cannot help stays in the log. */
export function answerErrors(app: FastifyInstance): void {
  app.setErrorHandler((error, request, reply) => {
    if (!(error instanceof SavedModelError)) return reply.send(error);
    const status = statusOf(error);
    if (status === 500) request.log.error(error);
    if (status === 503) void reply.header("retry-after", "1");
    const message = status === 400 ? error.rawMessage : undefined;
    return reply.code(status).send({ code: status === 500 ? "INTERNAL" : error.code, message });
  });
}
