import { createServer } from "node:http";
import { createServer as createViteServer } from "vite";

const vite = await createViteServer({ server: { middlewareMode: true }, appType: "custom" });

// Each request asks for the module anew: it is a new one after a change of a source file, or of the model's signatures.
const server = createServer((request, response) =>
  vite.middlewares(request, response, async () => {
    try {
      const { renderPage } = await vite.ssrLoadModule("/src/page.ts");
      const page = await vite.transformIndexHtml(request.url ?? "/", await renderPage(request.url ?? "/"));
      response.setHeader("content-type", "text/html; charset=utf-8").end(page);
    } catch (error) {
      vite.ssrFixStacktrace(error);
      vite.config.logger.error(error.stack);
      response.writeHead(500).end(String(error));
    }
  }),
);

server.listen(Number(process.env.PORT ?? 5173), "127.0.0.1", () => {
  console.log(`http://127.0.0.1:${server.address().port}/`);
});

process.once("SIGTERM", () => {
  server.close();
  void vite.close();
});
