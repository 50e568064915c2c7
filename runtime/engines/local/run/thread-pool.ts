import { availableParallelism } from "node:os";
import { once } from "../../../base/once.js";
import { FairPool } from "../../../queue/fair-pool.js";

/** libuv's own default (uv_threadpool: `UV_THREADPOOL_SIZE`, at most 1,024). */
const DEFAULT_POOL = 4;

/**
 * Returns the maximum number of concurrent runs in this thread of JavaScript. They share libuv's pool with file I/O,
 * DNS and the like, which find one thread free where the pool has two or more; and there are no more runs than
 * processors, because each run is work for one.
 */
function findCapacity(): number {
  const size = Number.parseInt(process.env.UV_THREADPOOL_SIZE ?? "", 10);
  const pool = size > 0 ? Math.min(size, 1024) : DEFAULT_POOL;
  return Math.max(1, Math.min(pool - 1, availableParallelism()));
}

/** The worker threads of the process, which its models take in turn. */
export const threadPool: FairPool = new FairPool(once(findCapacity));

/** Does native work that a thread of libuv's pool runs, when it is its turn among the calls. */
export function onWorker<T>(work: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    let isWaiting = true;
    threadPool.wait({
      get isWaiting() {
        return isWaiting;
      },
      startNext: () => {
        if (!isWaiting) return false;
        isWaiting = false;
        threadPool.take();
        work()
          .finally(() => threadPool.giveBack())
          .then(resolve, reject);
        return true;
      },
    });
  });
}
