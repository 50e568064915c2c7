import { type Config, defineConfig } from "savedmodel/generator";

const config: Config = defineConfig({
  models: ["../../test/models/regression"],
  output: "src/generated",
});

export default config;
