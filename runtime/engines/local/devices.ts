import { nonNull } from "./native/c-api.js";
import { withStatus } from "./native/status.js";
import type { Session } from "./session.js";

/** A device that operations of a model can run on. */
export interface Device {
  /** `/job:localhost/replica:0/task:0/device:CPU:0` */
  readonly name: string;
  /** `CPU`, `GPU`, … */
  readonly type: string;
  /** The memory that TensorFlow may take on it. Of a CPU it says 256 MiB, whatever there is. */
  readonly memoryBytes: number;
}

/** The devices of a session, in TensorFlow's order. */
export function listDevices({ api, handle }: Session): readonly Device[] {
  const list = nonNull(
    withStatus(api, (status) => api.TF_SessionListDevices(handle, status)),
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
