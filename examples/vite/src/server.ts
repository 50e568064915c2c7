import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { close, renderPage } from "./page.js";

const server = createServer((request, response) => {
  renderPage(request.url ?? "/").then(
    (page) => response.setHeader("content-type", "text/html; charset=utf-8").end(page),
    (error: unknown) => {
      console.error(error);
      response.writeHead(500).end();
    },
  );
});

server.listen(Number(process.env.PORT ?? 3000), "127.0.0.1", () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
});

process.once("SIGTERM", () => {
  server.close(() => void close());
});
