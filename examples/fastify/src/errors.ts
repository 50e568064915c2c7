import type { FastifyInstance } from "fastify";
import { type ErrorCode, SavedModelError } from "savedmodel";

/** What is wrong with a request, and no fault of this service. */
const BAD_INPUT: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "INVALID_DTYPE",
  "INVALID_RANK",
  "INVALID_SHAPE",
  "INVALID_SIZE",
  "NOT_AN_INTEGER",
  "OUT_OF_RANGE",
  "RAGGED_ARRAY",
]);

/** The HTTP status for an error of a call. */
function statusOf({ code }: SavedModelError): number {
  if (BAD_INPUT.has(code)) return 400;
  // It is shutting down, or there is more to do than it can take.
  if (code === "QUEUE_FULL" || code === "DISPOSED") return 503;
  // Nobody reads the answer. The status is for the log.
  if (code === "ABORTED") return 499;
  return 500;
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
