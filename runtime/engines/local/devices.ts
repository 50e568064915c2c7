import { existsSync } from "node:fs";
import { SavedModelError } from "../../base/errors.js";
import type { Device } from "../../engine.js";
import { loadKoffi } from "./library/koffi.js";
import { bufferContents } from "./native/buffer.js";
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

/**
 * Throws unless a session has a GPU. TensorFlow itself runs everything on the CPU instead.
 *
 * @throws SavedModelError `GPU_NOT_FOUND` with the reason
 */
export function requireGpu(api: NativeApi, session: Pointer): void {
  if (listDevices(api, session).some(({ type }) => type === "GPU")) return;
  const [reason = "TensorFlow's log tells more: set SAVEDMODEL_LOG=1"] = whyNoGpu(api);
  const install = isBuiltForGpus(api) === false ? "Run `npx savedmodel install --gpu` (on Linux x64)" : undefined;
  throw new SavedModelError("GPU_NOT_FOUND", `load(): \`gpu\` asks for a GPU, but TensorFlow finds none: ${reason}`, {
    fix: `${install ?? "See `npx savedmodel doctor`"}, or leave out \`gpu\` to use a GPU only where there is one.`,
  });
}

/**
 * Returns the reasons why TensorFlow finds no GPU on this machine, as far as they can be told: the build of the library,
 * `CUDA_VISIBLE_DEVICES`, NVIDIA's driver.
 */
export function whyNoGpu(api: NativeApi): readonly string[] {
  if (isBuiltForGpus(api) === false) {
    return [`TensorFlow ${api.library.version} in ${api.library.main} is built without CUDA`];
  }
  const reasons: string[] = [];
  const visible = process.env.CUDA_VISIBLE_DEVICES;
  // CUDA ignores what follows the first number that is not one of a GPU.
  if (visible !== undefined && !/^\s*(\d|GPU-|MIG-)/.test(visible)) {
    reasons.push(`CUDA_VISIBLE_DEVICES is "${visible}", which hides all GPUs`);
  }
  if (!isLoadable("libcuda.so.1")) {
    reasons.push(
      existsSync("/proc/driver/nvidia")
        ? "NVIDIA's driver runs, but libcuda.so.1 cannot be loaded; a container gets it from NVIDIA's container toolkit"
        : "NVIDIA's driver is missing: neither /proc/driver/nvidia nor libcuda.so.1 is there; a container gets both by `docker run --gpus all`",
    );
  }
  return reasons;
}

/** Returns true if the library has kernels for GPUs; undefined if it does not tell. */
function isBuiltForGpus(api: NativeApi): boolean | undefined {
  const NAME = "TF_GetRegisteredKernelsForOp";
  if (!api.library.has(NAME)) return undefined;
  const listKernels = api.library.find(NAME).func(NAME, "void *", ["str" /* operation */, "void *" /* status */]);
  const buffer: Pointer = nonNull(
    withStatus(api, (status) => listKernels("MatMul", status)),
    "list of kernels",
  );
  try {
    // A KernelList, whose `device_type` is the second field of each kernel.
    return Buffer.from(bufferContents(api, buffer)).includes("\x12\x03GPU", 0, "latin1");
  } finally {
    api.TF_DeleteBuffer(buffer);
  }
}

function isLoadable(library: string): boolean {
  try {
    loadKoffi().load(library);
    return true;
  } catch {
    return false;
  }
}

/** Returns the devices that a session with all of them has. */
export function findDevices(api: NativeApi, config: Uint8Array): readonly Device[] {
  const graph = nonNull(api.TF_NewGraph(), "graph");
  const options = nonNull(api.TF_NewSessionOptions(), "session options");
  try {
    withStatus(api, (status) => api.TF_SetConfig(options, config, config.length, status));
    const types = ["void *" /* graph */, "void *" /* options */, "void *" /* status */];
    const newSession = api.library.find("TF_NewSession").func("TF_NewSession", "void *", types);
    const session: Pointer = nonNull(
      withStatus(api, (status) => newSession(graph, options, status)),
      "session",
    );
    try {
      return listDevices(api, session);
    } finally {
      withStatus(api, (status) => api.TF_DeleteSession(session, status));
    }
  } finally {
    api.TF_DeleteSessionOptions(options);
    api.TF_DeleteGraph(graph);
  }
}
