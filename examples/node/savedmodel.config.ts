import { type Config, defineConfig } from "savedmodel/generator";

const config: Config = defineConfig({
  models: ["../../test/models/custom_model"],
  output: "src/generated",
});

export default config;
