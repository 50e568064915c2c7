import { type NativeApi, nativeApi } from "../../runtime/engines/local/native/c-api.js";

/** Counts the runs on worker threads from now on. */
export function countRuns(): { stop(): number } {
  const api = nativeApi() as { -readonly [Name in keyof NativeApi]: NativeApi[Name] };
  const run = api.sessionRunOnWorker;
  let count = 0;
  api.sessionRunOnWorker = (...parameters) => {
    count++;
    run(...parameters);
  };
  return {
    stop: () => {
      api.sessionRunOnWorker = run;
      return count;
    },
  };
}
