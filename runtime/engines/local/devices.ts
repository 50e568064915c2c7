import type { Device } from "../../engine.js";
import { type NativeApi, nonNull } from "./native/c-api.js";
import type { Pointer } from "./native/c-functions.js";
import { withStatus } from "./native/status.js";

/** The devices of a session, in TensorFlow's order. */
export function listDevices(api: NativeApi, session: Pointer): readonly Device[] {
  const list = nonNull(
    withStatus(api, (status) => api.TF_SessionListDevices(session, status)),
    "list of devices",
  );
  try {
    return Array.from({ length: api.TF_DeviceListCount(list) }, (_, index) => ({
      name: withStatus(api, (status) => api.TF_DeviceListName(list, index, status)),
      type: withStatus(api, (status) => api.TF_DeviceListType(list, index, status)),
      memoryBytes: Number(withStatus(api, (status) => api.TF_DeviceListMemoryBytes(list, index, status))),
    }));
  } finally {
    api.TF_DeleteDeviceList(list);
  }
}
