import { defineConfig, type UserConfig } from "vite";

// The page calls its own origin, which passes the protocol's requests on: the server needs no CORS headers.
const proxy = { "/v2": process.env.MODEL_SERVER ?? "http://127.0.0.1:8000" };
const address = { host: "127.0.0.1", port: Number(process.env.PORT ?? 3000), proxy };

const config: UserConfig = defineConfig({
  server: address,
  preview: address,
  build: { target: "es2022" },
});

export default config;
