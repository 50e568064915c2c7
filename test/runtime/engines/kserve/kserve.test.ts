import { describe, expect, it } from "vitest";
import { CustomModel } from "../../../../generated/custom-model.js";
import { kserve } from "../../../../runtime/engines/kserve/index.js";
import { startKServeGrpc, startKServeRest } from "../../../support/servers/kserve-server.js";

describe.each([
  ["gRPC", startKServeGrpc],
  ["REST", startKServeRest],
])("KServe over %s", (_transport, start) => {
  it("runs the methods of a client", async () => {
    await using server = await start("custom_model");
    using local = CustomModel.load();
    await using remote = await CustomModel.connect(kserve({ url: server.url, model: "custom_model" }));
    expect((await remote.pred([[1, 2]])).toArray()).toEqual(local.pred([[1, 2]]).toArray());
    expect(await remote.train([[1, 2]], [[3]])).toBe(local.train([[1, 2]], [[3]]));
  });
});
