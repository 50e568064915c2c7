import { describe, expect, it } from "vitest";
import { exclusiveSignatures } from "../../../../runtime/engines/cluster/exclusive-updates.js";
import { storageNodes } from "../../../../runtime/engines/cluster/load-values.js";
import { codec } from "../../../../runtime/engines/cluster/master-messages.js";
import { type GraphPlan, placeGraph } from "../../../../runtime/engines/cluster/place-graph.js";
import { readEffects } from "../../../../runtime/saved-model/effects/write-effects.js";
import { chooseMetaGraph, readMetaGraphs } from "../../../../runtime/saved-model/files/saved-model-file.js";
import { attributeOf, openGraph } from "../../../../runtime/saved-model/graph/graph.js";
import { decode } from "../../../../runtime/saved-model/proto/decode.js";
import { modelFolder } from "../../../support/temp.js";

const TASK = "/job:worker/replica:0/task:1";
const PS = "/job:ps/replica:0/task:0";

/** Returns the plan for a model, with everything but a placement. */
function planOf(name: string): GraphPlan {
  const folder = modelFolder(name);
  const metaGraph = chooseMetaGraph(folder, readMetaGraphs(folder));
  const { graphDef } = metaGraph;
  const graph = openGraph(graphDef);
  const effects = readEffects(graphDef);
  const exclusive = exclusiveSignatures(metaGraph, graph, (operations) => effects.writes(operations));
  return { graphDef, container: "own", placement: {}, storage: storageNodes(metaGraph, graph), exclusive };
}

interface Placed {
  readonly name: string;
  readonly op: string;
  readonly device: string;
  readonly input: readonly string[];
}

/** Returns the nodes of the main graph, and those of all functions. */
function nodesIn(graphDef: Uint8Array): { readonly main: readonly Placed[]; readonly inner: readonly Placed[] } {
  const read = (bytes: Uint8Array): Placed => codec.decode("AddedNode", bytes);
  const graph = decode("GraphDef", graphDef);
  const bodies = graph.library?.function ?? [];
  return {
    main: graph.node.map(read),
    inner: bodies.flatMap((body) => decode("FunctionNodes", body).nodeDef.map(read)),
  };
}

function named(nodes: readonly Placed[], name: string): Placed {
  const found = nodes.find((node) => node.name === name);
  if (found === undefined) throw new Error(`no node ${name}`);
  return found;
}

describe("a graph that is placed on a cluster", () => {
  it("has no device of the machine that exported it", () => {
    const plan = planOf("effects");
    const places = ({ main, inner }: ReturnType<typeof nodesIn>): readonly string[] =>
      [...main, ...inner].map(({ device }) => device).filter((device) => device.includes("/job:"));
    expect(places(nodesIn(plan.graphDef))).not.toEqual([]);
    const after = nodesIn(placeGraph(plan).graphDef);
    expect(places(after)).toEqual([]);
    const placement = { variables: PS, operations: TASK };
    // The tasks of nodes in functions follow from the calls.
    const { inner } = nodesIn(placeGraph({ ...plan, placement }).graphDef);
    expect(inner.filter(({ device }) => device.includes("/job:"))).toEqual([]);
    expect([...after.main, ...after.inner].map(({ device }) => device)).toContain("/device:CPU:0");
  });

  it("has its variables in the container", () => {
    const { graphDef } = placeGraph(planOf("custom_model"));
    const variables = openGraph(graphDef).ofTypes(new Set(["VarHandleOp"]));
    expect(variables).not.toEqual([]);
    for (const variable of variables) {
      // Of two entries of a map the last one counts.
      const attr = variable.attr.filter(({ key }) => key === "container").slice(-1);
      expect(Buffer.from(attributeOf({ ...variable, attr }, "container")?.s ?? []).toString()).toBe("own");
    }
  });

  it("has variables, and what reads and writes files, on the task of the variables, and the rest on that of operations", () => {
    const plan = planOf("custom_model");
    const placement = { variables: PS, operations: "/job:worker/replica:0/task:0" };
    const { graphDef, deviceFilters } = placeGraph({ ...plan, placement });
    expect(deviceFilters).toEqual([PS, placement.operations]);
    const { main } = nodesIn(graphDef);
    for (const { op, device, name } of main) {
      const isKept = op === "VarHandleOp" || plan.storage.has(name) || op.includes("Mutex");
      expect(device.startsWith(isKept ? PS : placement.operations), `${op} ${name} is on ${device}`).toBe(true);
    }
    expect(plan.storage.size).toBeGreaterThan(1);
    expect(main.filter(({ name, op }) => plan.storage.has(name) && op === "StatefulPartitionedCall").length).toBe(2);
  });

  it("runs the calls that change variables between lock and unlock, and no others", () => {
    const plan = planOf("custom_model");
    expect(plan.exclusive.map(({ key }) => key)).toEqual(["train"]);
    const { main } = nodesIn(placeGraph(plan).graphDef);
    const locks = main.filter(({ op }) => op === "MutexLock").map(({ name }) => name);
    expect(locks).toHaveLength(1);
    const locked = main.filter(({ input }) => input.includes(`^${locks[0]}`));
    expect(locked.map(({ op }) => op)).toEqual(["StatefulPartitionedCall"]);
    const unlock = main.find(({ op }) => op === "ConsumeMutexLock");
    expect(unlock?.input).toEqual([locks[0], `^${locked[0]?.name}`]);
    expect(named(main, "savedmodel/updates").op).toBe("MutexV2");
  });

  it("is the same byte for byte where nothing changes", () => {
    const plan = planOf("custom_model");
    const placed = placeGraph({ ...plan, container: "", exclusive: [] }).graphDef;
    const again = placeGraph({ ...plan, graphDef: placed, container: "", exclusive: [] });
    expect(again.graphDef).toBe(placed);
    expect(again.deviceFilters).toEqual([]);
  });
});
