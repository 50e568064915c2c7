import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Model } from "../../../../runtime/index.js";
import { expectError, expectRejection } from "../../../support/errors.js";
import { needs } from "../../../support/needs.js";
import { modelFolder } from "../../../support/temp.js";

const CPU = "/job:localhost/replica:0/task:0/device:CPU:0";

it("devices() lists the devices of a model", () => {
  using model = Model.load(modelFolder("counter"), { gpu: false });
  const devices = model.devices();
  expect(devices.map(({ name, type }) => ({ name, type }))).toEqual([{ name: CPU, type: "CPU" }]);
  expect(devices[0]?.memoryBytes).toBe(2 ** 28);
});

it("devices() lists the configured devices", () => {
  // ConfigProto { device_count { key: "CPU" value: 3 } }
  const config = Uint8Array.of(0x0a, 0x07, 0x0a, 0x03, 0x43, 0x50, 0x55, 0x10, 0x03);
  using model = Model.load(modelFolder("counter"), { gpu: false, config });
  expect(model.devices().map(({ name }) => name)).toEqual([0, 1, 2].map((index) => CPU.replace(/0$/, `${index}`)));
});

it("devices() rejects a disposed model", () => {
  const model = Model.load(modelFolder("counter"));
  model.dispose();
  expect(expectError(() => model.devices(), "DISPOSED").rawMessage).toBe("devices(): the model was disposed");
});

describe("a GPU that is asked for", () => {
  needs(!existsSync("/proc/driver/nvidia"), "this machine has a GPU, which `npm run gpu-check` tries");

  it.each([true, {}, { allowGrowth: true }, { memoryFraction: 0.5 }, { visibleDevices: [0] }])(
    "gpu: %j throws with the reason where there is none",
    async (gpu) => {
      const error = expectError(() => Model.load(modelFolder("counter"), { gpu }), "GPU_NOT_FOUND");
      expect(error.category).toBe("library");
      expect(error.rawMessage).toMatch(
        /^load\(\): `gpu` asks for a GPU, but TensorFlow finds none: (TensorFlow [\d.]+ in \S+ is built without CUDA|NVIDIA's driver is missing: .*)$/,
      );
      expect(error.fix).toMatch(
        /^(Run `npx savedmodel install --gpu`|See `npx savedmodel doctor`).*, or leave out `gpu`/,
      );
      await expectRejection(Model.loadAsync(modelFolder("counter"), { gpu }), "GPU_NOT_FOUND");
    },
  );

  it("a failed load leaves the next one as it would be", () => {
    expectError(() => Model.load(modelFolder("counter"), { gpu: true }), "GPU_NOT_FOUND");
    using model = Model.load(modelFolder("counter"));
    expect(model.devices().map(({ type }) => type)).toEqual(["CPU"]);
  });
});
