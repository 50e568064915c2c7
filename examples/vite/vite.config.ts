import { savedmodel } from "savedmodel/vite";
import { defineConfig, type UserConfig } from "vite";

const config: UserConfig = defineConfig({
  // Generates src/generated from savedmodel.config.ts, and leaves savedmodel and koffi out of the bundle.
  plugins: [savedmodel()],
  build: { ssr: "src/server.ts" },
});

export default config;
