import { isMainThread } from "node:worker_threads";

/** Owner of resources that are released at the end of a thread. */
interface Ending {
  /** Releases everything that no run uses. */
  dispose(): void;
}

interface Releasable {
  releaseAll(): void;
}

/** Resources held in this thread, with their owner for as long as it exists. */
const held = new Map<Releasable, WeakRef<Ending>>();

/**
 * Releases memory when this worker thread (`worker_threads`) ends: the process lives on, and finalizers no longer run.
 * The owner is not kept alive. The end of the process needs no such thing.
 */
export function releaseAtThreadEnd(resources: Releasable, owner: Ending): void {
  if (isMainThread) return;
  if (held.size === 0) process.on("exit", releaseAll);
  held.set(resources, new WeakRef(owner));
}

/** It was released already. */
export function forgetAtThreadEnd(resources: Releasable): void {
  if (held.delete(resources) && held.size === 0) process.off("exit", releaseAll);
}

function releaseAll(): void {
  for (const [resources, owner] of [...held]) {
    const alive = owner.deref();
    if (alive === undefined) resources.releaseAll();
    else alive.dispose();
  }
}
