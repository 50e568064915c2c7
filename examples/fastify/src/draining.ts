import type { FastifyInstance } from "fastify";

/**
 * Once the service is being closed, each answer closes its connection. Else one that was kept alive for the next request
 * would keep the process as well, until its time is up.
 */
export function closeConnections(app: FastifyInstance): void {
  let isClosing = false;
  app.addHook("preClose", async () => {
    isClosing = true;
  });
  app.addHook("onSend", async (_request, reply) => {
    if (isClosing) reply.header("connection", "close");
  });
}
