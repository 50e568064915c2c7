import type { NameEvent, OperationEvent, TraceEvent } from "../../../engine.js";
import { type Message, toNumber } from "../../../saved-model/proto/decode.js";
import type { TracedRun } from "./recording.js";

type NodeStats = Message<"NodeExecStats">;

/** An operation that ran, with its times in nanoseconds since the first of the trace began. */
interface Ran {
  readonly run: TracedRun;
  readonly callIndex: number;
  readonly device: string;
  readonly stats: NodeStats;
  readonly start: number;
  readonly end: number;
}

/** A row of the viewer: operations in it follow each other, or are one within the other. */
interface Lane {
  readonly device: string;
  readonly thread: number;
  /** The ends of the operations that the present one is within, the innermost last. */
  readonly open: number[];
}

/** Converts TensorFlow's statistics of the runs to events of Chrome's trace format. */
export function traceEvents(runs: readonly TracedRun[]): readonly TraceEvent[] {
  const operations = operationsOf(runs);
  const devices: string[] = [];
  const lanes: Lane[] = [];
  const events = operations.map((ran): OperationEvent => {
    const lane = laneOf(lanes, ran);
    if (!devices.includes(ran.device)) devices.push(ran.device);
    return {
      name: typeOf(ran.stats),
      cat: "operation",
      ph: "X",
      ts: ran.start / 1000,
      dur: (ran.end - ran.start) / 1000,
      pid: devices.indexOf(ran.device),
      tid: lanes.indexOf(lane),
      args: {
        node: ran.stats.nodeName,
        call: ran.run.call,
        callIndex: ran.callIndex,
        kernelStart: toNumber(ran.stats.opStartRelNanos) / 1000,
        kernelEnd: toNumber(ran.stats.opEndRelNanos) / 1000,
      },
    };
  });
  return [...namesOf(devices, lanes), ...events];
}

/** In the order in which they began; what began at the same time and ended later is around the others. */
function operationsOf(runs: readonly TracedRun[]): readonly Ran[] {
  const all = runs.flatMap((run, callIndex) =>
    run.stats.devStats.flatMap(({ device, nodeStats }) =>
      nodeStats.map((stats) => ({ run, callIndex, device, stats, began: nanosecondsOf(stats.allStartNanos) })),
    ),
  );
  all.sort((a, b) => Number(a.began - b.began) || toNumber(b.stats.allEndRelNanos) - toNumber(a.stats.allEndRelNanos));
  const first = all[0]?.began ?? 0n;
  return all.map(({ began, ...ran }) => {
    const start = Number(began - first);
    return { ...ran, start, end: start + toNumber(ran.stats.allEndRelNanos) };
  });
}

/** Nanoseconds since 1970 are more than a number holds. */
function nanosecondsOf(value: NodeStats["allStartNanos"]): bigint {
  return BigInt(value.toString());
}

/** The first lane of the operation's thread in which it overlaps nothing. */
function laneOf(lanes: Lane[], { device, stats, start, end }: Ran): Lane {
  const thread = toNumber(stats.threadId);
  for (const lane of lanes) {
    if (lane.device !== device || lane.thread !== thread) continue;
    while ((lane.open.at(-1) ?? Number.POSITIVE_INFINITY) <= start) lane.open.pop();
    if ((lane.open.at(-1) ?? Number.POSITIVE_INFINITY) < end) continue;
    lane.open.push(end);
    return lane;
  }
  const lane = { device, thread, open: [end] };
  lanes.push(lane);
  return lane;
}

function namesOf(devices: readonly string[], lanes: readonly Lane[]): readonly NameEvent[] {
  const threads = [...new Set(lanes.map(({ thread }) => thread))];
  return [
    ...devices.map((name, pid): NameEvent => ({ name: "process_name", ph: "M", pid, tid: 0, args: { name } })),
    ...lanes.map(
      ({ device, thread }, tid): NameEvent => ({
        name: "thread_name",
        ph: "M",
        pid: devices.indexOf(device),
        tid,
        args: { name: `thread ${threads.indexOf(thread) + 1}` },
      }),
    ),
  ];
}

/** The type in a label such as `dense/MatMul = MatMul(x, w)`; the name of the node where there is none. */
function typeOf({ nodeName, timelineLabel }: NodeStats): string {
  return / = ([\w>]+)\(/.exec(timelineLabel)?.[1] ?? nodeName;
}
