import { expect, it } from "vitest";
import { Model } from "../../../../runtime/index.js";
import { expectError } from "../../../support/errors.js";
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
