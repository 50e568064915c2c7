import { decode, type Message } from "../../../saved-model/proto/decode.js";
import { withTrace } from "../config-proto.js";
import { bufferContents } from "../native/buffer.js";
import { type NativeApi, nonNull } from "../native/c-api.js";
import type { Pointer } from "../native/c-functions.js";

/** A call of a trace, with TensorFlow's statistics of its run. */
export interface TracedRun {
  readonly call: string;
  readonly stats: Message<"StepStats">;
}

/** Record of what the runs of a session did, while a trace is taken. */
export class Recording {
  /** RunOptions of a traced run. */
  readonly runOptions: Pointer;
  readonly #api: NativeApi;
  readonly #runs: { readonly call: string; readonly metadata: Pointer }[] = [];

  /** @param runOptions serialized, as runs have them that are not traced */
  constructor(api: NativeApi, runOptions: Uint8Array) {
    this.#api = api;
    const bytes = withTrace(runOptions);
    this.runOptions = nonNull(api.TF_NewBufferFromString(bytes, bytes.length), "buffer");
  }

  /** The buffer for the RunMetadata of one run. */
  begin(call: string): Pointer {
    const metadata = nonNull(this.#api.TF_NewBuffer(), "buffer");
    this.#runs.push({ call, metadata });
    return metadata;
  }

  /** Returns what was recorded. A run that failed may have left nothing. */
  read(): readonly TracedRun[] {
    return this.#runs.flatMap(({ call, metadata }) => {
      const { stepStats } = decode("RunMetadata", bufferContents(this.#api, metadata));
      return stepStats === null ? [] : [{ call, stats: stepStats }];
    });
  }

  release(): void {
    for (const { metadata } of this.#runs.splice(0)) this.#api.TF_DeleteBuffer(metadata);
    this.#api.TF_DeleteBuffer(this.runOptions);
  }
}
