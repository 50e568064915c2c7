import { Worker } from "node:worker_threads";
import { openLibrary } from "../../../../../runtime/engines/local/library/open-library.js";

// Run by open-library.test.ts in a process of its own: opens the library, loads a model with it, prints what it got.
const [model = "", where = "main"] = process.argv.slice(2);

if (where === "worker") {
  // Node.js 20 does not pass the TypeScript loader on to workers.
  const code = `import("tsx/esm/api").then(({ register }) => (register(), import(${JSON.stringify(import.meta.url)})))`;
  const worker = new Worker(code, { eval: true, argv: [model, "main"] });
  await new Promise((resolve) => worker.on("exit", resolve));
} else {
  const library = openLibrary();
  const call = (definition: string, ...parameters: unknown[]): unknown => {
    const name = /TF_\w+/.exec(definition)?.[0] ?? "";
    return library.find(name).func(definition)(...parameters);
  };
  const status = call("void *TF_NewStatus()");
  call(
    "void *TF_LoadSessionFromSavedModel(void *o, void *r, const char *dir, const char **tags, int n, void *g, void *m, void *s)",
    call("void *TF_NewSessionOptions()"),
    null,
    model,
    ["serve"],
    1,
    call("void *TF_NewGraph()"),
    null,
    status,
  );
  const { place, version } = library;
  const memoised = openLibrary() === library;
  const level = process.env.TF_CPP_MIN_LOG_LEVEL ?? null;
  console.log(JSON.stringify({ place, version, memoised, level, code: call("int TF_GetCode(void *s)", status) }));
}
