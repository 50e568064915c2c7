import { SavedModelError } from "savedmodel";
import { afterEach, describe, expect, it, vi } from "vitest";
import { buildApp } from "../src/app.js";
import { Regression } from "../src/generated/regression.js";
import { ServedModel } from "../src/served-model.js";

/** A model that adds up; tests need neither a real one nor TensorFlow. */
const sums = (): Regression =>
  Regression.fake({
    pred: ({ data }) =>
      Array.from({ length: data.length / 2 }, (_, row) => [Number(data[2 * row]) + Number(data[2 * row + 1])]),
  });

const CONFIG = { model: "models/regression", adminToken: "secret" };
const ADMIN = { authorization: "Bearer secret" };

afterEach(() => {
  vi.restoreAllMocks();
});

describe("POST /predict", () => {
  it("answers with a prediction for each row", async () => {
    await using app = buildApp(new ServedModel(sums), CONFIG);
    const rows = [
      [1, 2],
      [3, 4],
    ];
    const response = await app.inject({ method: "POST", url: "/predict", payload: { rows } });
    expect([response.statusCode, response.json()]).toEqual([200, { predictions: [3, 7] }]);
  });

  it.each([
    ["no rows", {}, 400, "FST_ERR_VALIDATION"],
    ["text", { rows: [["1", "2"]] }, 400, "FST_ERR_VALIDATION"],
    ["a column too many", { rows: [[1, 2, 3]] }, 400, "INVALID_SHAPE"],
    ["rows of different lengths", { rows: [[1, 2], [3]] }, 400, "RAGGED_ARRAY"],
  ])("rejects %s with an error", async (_what, payload, status, code) => {
    await using app = buildApp(new ServedModel(sums), CONFIG);
    const response = await app.inject({ method: "POST", url: "/predict", payload });
    expect([response.statusCode, response.json().code]).toEqual([status, code]);
  });

  it("answers 503 when the queue is full", async () => {
    const pred = (): never => {
      throw new SavedModelError("QUEUE_FULL", "64 calls are already waiting");
    };
    await using app = buildApp(new ServedModel(() => Regression.fake({ pred })), CONFIG);
    const response = await app.inject({ method: "POST", url: "/predict", payload: { rows: [[1, 2]] } });
    expect([response.statusCode, response.headers["retry-after"]]).toEqual([503, "1"]);
  });
});

describe("POST /admin/reload", () => {
  it("serves the newly loaded model after a reload", async () => {
    const load = vi.spyOn(Regression, "load").mockImplementation(sums);
    const served = new ServedModel(() => Regression.load("models/regression"));
    await using app = buildApp(served, CONFIG);
    load.mockImplementation(() => Regression.fake({ pred: () => [[42]] }));
    await app.inject({ method: "POST", url: "/admin/reload", headers: ADMIN });
    const response = await app.inject({ method: "POST", url: "/predict", payload: { rows: [[1, 2]] } });
    expect(response.json()).toEqual({ predictions: [42] });
    expect(load).toHaveBeenCalledTimes(2);
  });

  it("requires the admin token for a reload", async () => {
    await using app = buildApp(new ServedModel(sums), CONFIG);
    expect((await app.inject({ method: "POST", url: "/admin/reload" })).statusCode).toBe(401);
  });
});

it("reports not ready once the model is closed", async () => {
  const served = new ServedModel(sums);
  await using app = buildApp(served, CONFIG);
  expect((await app.inject("/health/ready")).statusCode).toBe(200);
  await served.close();
  expect((await app.inject("/health/ready")).statusCode).toBe(503);
  expect((await app.inject("/health/live")).statusCode).toBe(200);
});
