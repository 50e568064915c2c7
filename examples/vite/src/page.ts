import { CustomModel } from "./generated/custom-model.js";

// One model for all requests: it is loaded when this module is.
const model = CustomModel.load();

/** The page for a point, such as `/?a=1&b=2`; the prediction is made on a worker thread. */
export async function renderPage(url: string): Promise<string> {
  const query = new URL(url, "http://localhost").searchParams;
  const [a, b] = [numberOf(query.get("a")), numberOf(query.get("b"))];
  const prediction = (await model.async.pred([[a, b]])).item();
  return `<!doctype html>
<html lang="en">
  <head><title>A prediction</title></head>
  <body>
    <form>
      <input name="a" value="${a}"> <input name="b" value="${b}"> <button>Predict</button>
    </form>
    <p>The model says <output>${prediction}</output>.</p>
  </body>
</html>
`;
}

function numberOf(text: string | null): number {
  const value = Number(text ?? 1);
  return Number.isFinite(value) ? value : 0;
}

/** Gives the model's memory back, after the calls that were accepted. */
export async function close(): Promise<void> {
  await model.close();
}
