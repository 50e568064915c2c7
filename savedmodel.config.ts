import { type Config, defineConfig } from "savedmodel/generator";

/** The clients in `generated/`; each project in `examples/` has a configuration of its own. */
const config: Config = defineConfig({
  models: ["test/models/*", "examples/models/*"],
});

export default config;
