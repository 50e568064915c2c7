import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

const { SAVEDMODEL_TEST_MODELS } = process.env;

/** The folder of models that others made: data beside the project, not part of it. It may be missing. */
export const shared: string = SAVEDMODEL_TEST_MODELS
  ? resolve(SAVEDMODEL_TEST_MODELS)
  : fileURLToPath(new URL("../../../shared/models", import.meta.url));
