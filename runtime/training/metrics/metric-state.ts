import { itemAt } from "../../base/item-at.js";
import type { MethodCalls } from "../../client/method-calls.js";
import type { Method } from "../../client/methods.js";
import type { VariableStore } from "../../engine.js";
import { openStateFlow, type RunFlow } from "../../saved-model/effects/state-flow.js";

/** An output whose value is not that of one call, but of all calls since some variables were set. */
export interface RunningOutput {
  /** Its index among the outputs of the signature. */
  readonly place: number;
  /**
   * Variables that it is made of and that only measure, by node: the state of a metric. None for variables that the
   * model itself continues with, such as the number of its steps.
   */
  readonly measures: readonly string[];
}

/** State of metrics in the graph: outputs that are running values, and signatures that reset them. */
export interface MetricState {
  /** Outputs that are running values. */
  running(method: Method): readonly RunningOutput[];
  /** Variables, by node, that a signature sets to values which depend on nothing. */
  sets(method: Method): readonly string[];
  /** Returns true if all variables that a signature changes are the state of its own metrics. */
  onlyMeasures(method: Method): boolean;
  /** Keys of the signatures without inputs that reset the state of metrics by their name, and change nothing else. */
  resets(): readonly string[];
  /** Name of a variable in Python. */
  nameOf(node: string): string;
}

const states = new WeakMap<VariableStore, MetricState>();

/**
 * Reads the state from the loaded graph; undefined for a fake client, and for a graph that TensorFlow cannot write as
 * one message.
 */
export function metricStateOf(calls: MethodCalls): MetricState | undefined {
  const { variables } = calls.connection.engine;
  if (variables === undefined) return undefined;
  let state = states.get(variables);
  if (state === undefined) {
    let graphDef: Uint8Array;
    try {
      graphDef = variables.graphDef();
    } catch {
      return undefined;
    }
    state = readMetricState(variables, calls, openStateFlow(graphDef));
    states.set(variables, state);
  }
  return state;
}

function readMetricState(
  variables: VariableStore,
  { methods }: MethodCalls,
  flow: (tensors: readonly string[]) => RunFlow,
): MetricState {
  const described = new Map(variables.nodes().map(({ node, description }) => [node, description]));
  const known = new Map<Method, MethodState>();
  const stateOf = (method: Method): MethodState => {
    const state = known.get(method) ?? readMethod(method, flow, (node) => described.get(node)?.trainable === false);
    known.set(method, state);
    return state;
  };
  let measured: ReadonlySet<string> | undefined;
  const isMeasured = (node: string): boolean => {
    measured ??= measuredVariables([...methods.values()].map(stateOf));
    return measured.has(node);
  };
  return {
    running: (method) => stateOf(method).running,
    sets: (method) => stateOf(method).sets,
    onlyMeasures: (method) => {
      const { writes } = stateOf(method);
      return writes.length > 0 && writes.every(isMeasured);
    },
    resets: () =>
      Array.from(methods).flatMap(([key, method]) => {
        if (!RESET.test(key) || method.inputs.some(({ optional }) => optional !== true)) return [];
        const { sets, writes } = stateOf(method);
        return writes.length > 0 && sets.length === writes.length && sets.every(isMeasured) ? [key] : [];
      }),
    nameOf: (node) => described.get(node)?.name || node,
  };
}

interface MethodState {
  readonly running: readonly RunningOutput[];
  /** All variables that it changes, those of which it computes the new value from the old one, and those that it sets. */
  readonly writes: readonly string[];
  readonly accumulated: readonly string[];
  readonly sets: readonly string[];
  /** The variables that something else is computed from: another variable, or what depends on the inputs as well. */
  readonly used: ReadonlySet<string>;
}

const RESET = /^reset/i;

function readMethod(
  { outputs }: Method,
  flow: (tensors: readonly string[]) => RunFlow,
  isUntrainable: (node: string) => boolean,
): MethodState {
  const fetched = outputs.flatMap(({ tensor }, place) => (tensor === undefined ? [] : [{ tensor, place }]));
  const run = flow(fetched.map(({ tensor }) => tensor));
  const { writes } = run;
  const model = modelState(run, isUntrainable);
  const runsOn = (node: string): boolean =>
    writes.get(node)?.accumulates === true && (!model.has(node) || isUntrainable(node));
  const running = fetched.flatMap(({ place }, index) => {
    const { inputs, variables } = itemAt(run.outputs, index);
    // Values that depend on the inputs of a call belong to this call.
    const nodes = inputs ? [] : [...variables].filter(runsOn);
    return nodes.length === 0 ? [] : [{ place, measures: nodes.filter((node) => !model.has(node)) }];
  });
  const sets = Array.from(writes).flatMap(([node, { accumulates, sources }]) =>
    accumulates || sources.inputs || sources.variables.size > 0 ? [] : [node],
  );
  return {
    running,
    writes: [...writes.keys()],
    accumulated: [...writes.keys()].filter((node) => writes.get(node)?.accumulates === true),
    sets,
    used: usedVariables(run, () => true),
  };
}

/** The variables that something else is computed from: what depends on the inputs as well, or another variable. */
function usedVariables({ outputs, writes }: RunFlow, counts: (node: string) => boolean): Set<string> {
  const used = new Set(outputs.filter(({ inputs }) => inputs).flatMap(({ variables }) => [...variables]));
  for (const [target, { sources }] of writes) {
    for (const node of sources.variables) if (node !== target && counts(node)) used.add(node);
  }
  return used;
}

/**
 * Returns the state of metrics: the variables that running results are made of, and that are only ever added to and
 * used for nothing else.
 */
function measuredVariables(states: readonly MethodState[]): ReadonlySet<string> {
  const used = new Set(states.flatMap((state) => [...state.used]));
  return new Set([
    ...states.flatMap(({ running }) => running.flatMap(({ measures }) => measures)),
    ...states.flatMap(({ accumulated }) => accumulated.filter((node) => !used.has(node))),
  ]);
}

/**
 * Returns the variables that a run continues to compute with: weights, slots, a count of steps that a schedule reads.
 * All others that it changes only measure.
 *
 * An output that depends on the inputs as well is computed with a variable; and one that may be trained, and that another
 * variable depends on, is a weight. From these it is whatever they depend on.
 */
function modelState(run: RunFlow, isUntrainable: (node: string) => boolean): ReadonlySet<string> {
  const found = usedVariables(run, (node) => !isUntrainable(node));
  // Items added while the set is iterated are visited as well.
  for (const node of found) for (const source of run.writes.get(node)?.sources.variables ?? []) found.add(source);
  return found;
}
