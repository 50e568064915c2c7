import { type Application, JSX } from "typedoc";

/** Groups that are open on the first visit. */
const OPEN = ["Start", "Models", "Training", "Running"];

/** Opens the groups of guides that most readers look for. What a reader opens and closes is kept, by TypeDoc's script. */
export function openGroups(app: Application): void {
  const keys = JSON.stringify(OPEN.map((group) => `tsd-accordion-${group}`));
  const script = `for (const key of ${keys}) if (localStorage.getItem(key) === null) localStorage.setItem(key, "true");`;
  app.renderer.hooks.on("head.end", () =>
    JSX.createElement("script", null, JSX.createElement(JSX.Raw, { html: script })),
  );
}
