import { kserve } from "savedmodel/kserve";
import { drawHeights, GRID } from "./draw.js";
import { Regression } from "./generated/regression.js";

const form = element("form", HTMLFormElement);
const output = element("output", HTMLOutputElement);
const svg = element("svg", SVGSVGElement);

// The origin of the page passes requests on to the server: see vite.config.ts.
const model = await Regression.connect(
  kserve({ url: location.origin, model: "regression", signatures: ["pred"] }),
).catch(showError);

/** Predicts the point of the form, and draws the prediction at each point of the grid: two calls, one of many rows. */
async function predict(): Promise<void> {
  try {
    const [a, b] = [numberOf("a"), numberOf("b")];
    const [prediction, heights] = await Promise.all([model.pred([[a, b]]), model.pred(GRID)]);
    drawHeights(svg, heights.data, { a, b });
    output.textContent = String(prediction.data[0]);
  } catch (error) {
    showError(error);
  }
}

function numberOf(name: string): number {
  return Number(new FormData(form).get(name));
}

/** The message of a SavedModelError says what to do. */
function showError(error: unknown): never {
  output.textContent = error instanceof Error ? error.message : String(error);
  throw error;
}

function element<E extends Element>(selector: string, type: new () => E): E {
  const found = document.querySelector(selector);
  if (found instanceof type) return found;
  throw new Error(`the page has no ${selector}`);
}

for (const [name, value] of new URLSearchParams(location.search)) {
  const input = form.elements.namedItem(name);
  if (input instanceof HTMLInputElement) input.value = value;
}
form.addEventListener("submit", (event) => {
  event.preventDefault();
  void predict();
});
await predict();
