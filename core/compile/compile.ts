/** Program → plan: the compiler from end to end. */
import { dropUnused } from '../ir/drop-unused.ts';
import { makeSource, type Source, withExprPool } from '../ir/expr.ts';
import { lookup, type Program, type Var } from '../ir/program.ts';
import type { CallNumbers, PlanOf } from './build-control.ts';
import { KernelBuilder, type Launch, type Overlay } from './build-kernels.ts';
import { type ChangeOptions, planChanges } from './changes.ts';
import { reduceByRows } from './column-reductions.ts';
import { type Fusion, fuse } from './fuse.ts';
import { separateOperands } from './gpu-control.ts';
import { type ArrayNode, buildGraph } from './graph.ts';
import { inlineCalls } from './inline-calls.ts';
import { planMemory } from './memory-plan.ts';
import { mergeKernels } from './merge-kernels.ts';
import { isKernel, type Plan, type Target } from './plan.ts';
import { rematerialise } from './rematerialise.ts';
import { simplify } from './simplify.ts';

/**
 * The plan that computes a program's outputs on a device.
 *
 * @param donated - Inputs whose memory the program may take over.
 * @param calls - Numbers of the host's functions that it calls.
 */
export function compile(
  program: Program,
  target: Target,
  donated: ReadonlySet<number> = new Set(),
  calls: CallNumbers = new Map(),
): Plan {
  const plans = new Map<string, Plan>();
  const numbers = new Map<Program, number>();
  const planOf: PlanOf = (body, carries) => {
    const number = numbers.get(body) ?? numbers.size;
    numbers.set(body, number);
    const key = `${number} ${carries?.before},${carries?.count}`;
    // A carry that ends up where it began need not move; other inputs stay as they are.
    const isCarry = (input: number, output: number): boolean =>
      carries !== undefined && output < carries.count && input === carries.before + output;
    const plan = plans.get(key) ?? compilePart(body, context, new Set(), isCarry);
    plans.set(key, plan);
    return plan;
  };
  const context = { target, calls, planOf };
  return compilePart(program, context, donated, (input) => donated.has(input));
}

interface Context {
  readonly target: Target;
  readonly calls: CallNumbers;
  readonly planOf: PlanOf;
}

/** @param mayHold - True if the output may end up in the memory of the input. */
function compilePart(
  program: Program,
  { target, calls, planOf }: Context,
  donated: ReadonlySet<number>,
  mayHold: ChangeOptions['mayHold'],
): Plan {
  const shared = simplify(inlineCalls(dropUnused(program), target));
  const simple = target.device === 'webgpu' ? separateOperands(shared) : shared;
  return withExprPool(() => {
    const graph = buildGraph(simple, target.fuse);
    const lean = target.fuse ? rematerialise(simple, graph.nodeOf) : simple;
    const options = { target, planOf, mayHold };
    const { launches, overlays, inputs, results, outputs, held } = schedule(
      lean,
      lean === simple ? graph : null,
      options,
      (fusion, isChanged) => new KernelBuilder(fusion, target, planOf, calls, isChanged),
    );
    const together = target.fuse ? mergeKernels(launches, target, overlays) : launches;
    const merged = target.hasFastThreads ? together.map(walkRows) : together;
    const memory = planMemory(merged, inputs, outputs, { donated, held, overlays }, target);
    return {
      inputs: lean.inputs.map((variable) => variable.aval),
      outputs: results.map((node) => node.aval),
      steps: merged.map(({ kernel, site }) => ({
        kernel,
        site,
        slots: kernel.buffers.map(({ source }) => memory.slotOf(source)),
      })),
      arenaBytes: memory.arenaBytes,
      aliases: memory.aliases,
      changed: new Set(held.keys()),
    };
  });
}

const walkRows = ({ kernel, site }: Launch): Launch => ({
  kernel: kernel.kind === 'loop' ? reduceByRows(kernel) : kernel,
  site,
});

type BuilderFor = (fusion: Fusion, isChanged: (node: ArrayNode) => boolean) => KernelBuilder;

/**
 * The kernels of a program, with arrays changed where they lie as far as all that reads them comes before.
 *
 * @param known - The graph without such changes, if there is one.
 */
function schedule(
  program: Program,
  known: ReturnType<typeof buildGraph> | null,
  options: Omit<ChangeOptions, 'refused'>,
  builderFor: BuilderFor,
) {
  const refused = new Set<Var>();
  for (;;) {
    const { program: ordered, before, held } = planChanges(program, { ...options, refused });
    const isKnown = known !== null && ordered === program && before.size === 0;
    const { nodes, nodeOf } = isKnown ? known : buildGraph(ordered, options.target.fuse, before);
    const results = ordered.outputs.map((variable) => lookup(nodeOf, variable));
    const inputs = ordered.inputs.map((variable) => lookup(nodeOf, variable));
    const isChanged = ({ variable }: ArrayNode): boolean => before.has(variable);
    const built = buildLaunches(nodes, results, held, options.target, (fusion) =>
      builderFor(fusion, isChanged),
    );
    const late = built.overlays.filter((overlay) => isReadLate(overlay, built.launches));
    if (late.length === 0) {
      return { ...built, inputs: inputs.map(({ source }) => source), results, held };
    }
    for (const { to } of late) refused.add(to.variable);
  }
}

/** True if a kernel reads the array as it was when it is changed already. */
const isReadLate = ({ from, start }: Overlay, launches: readonly Launch[]): boolean =>
  launches
    .slice(start)
    .some(({ kernel }) => kernel.buffers.some(({ source }) => source === from.source));

interface Launches {
  readonly launches: readonly Launch[];
  readonly overlays: readonly Overlay[];
  readonly outputs: readonly Source[];
}

/** Kernels that respect the device's limit on buffers, found by writing more arrays until they do. */
function buildLaunches(
  nodes: readonly ArrayNode[],
  results: readonly ArrayNode[],
  held: ReadonlyMap<number, number>,
  target: Target,
  builderFor: (fusion: Fusion) => KernelBuilder,
): Launches {
  const forced = new Set<ArrayNode>();
  for (;;) {
    const fusion = fuse(nodes, new Set(results), forced, target);
    const builder = builderFor(fusion);
    let isOver = false;
    for (const node of nodes) {
      const before = builder.launches.length;
      builder.add(node);
      const added = builder.launches.slice(before);
      const isTooMany = added.some(
        ({ kernel }) => isKernel(kernel) && kernel.buffers.length > target.maxBuffers,
      );
      if (isTooMany) {
        isOver = forceOperands(node, forced, fusion.isWritten) || isOver;
      }
    }
    for (const { from, to, start } of builder.overlays) {
      const isLate = isReadLate({ from, to, start }, builder.launches);
      isOver = (isLate && forceReaders(from, to, nodes, forced, fusion.isWritten)) || isOver;
    }
    if (isOver) continue;
    return withOutputs(builder, results, held);
  }
}

/** Marks the unwritten arrays that a kernel reads directly; false if there are none left. */
function forceOperands(
  node: ArrayNode,
  forced: Set<ArrayNode>,
  isWritten: (node: ArrayNode) => boolean,
): boolean {
  const before = forced.size;
  const force = (operands: readonly ArrayNode[]): void => {
    for (const operand of operands) {
      if (isWritten(operand) || operand.operands.length === 0) continue;
      // Written movement would only copy; what it moves is what costs buffers.
      if (operand.origin.kind === 'map' && operand.origin.facts.isView) force(operand.operands);
      else forced.add(operand);
    }
  };
  force(node.operands);
  return forced.size > before;
}

/**
 * Marks the unwritten arrays that are made of one that is changed later, so that they are made before; false if
 * there are none, or if writing them costs as much as a copy.
 */
function forceReaders(
  from: ArrayNode,
  to: ArrayNode,
  nodes: readonly ArrayNode[],
  forced: Set<ArrayNode>,
  isWritten: (node: ArrayNode) => boolean,
): boolean {
  const readers = nodes.filter(
    (node) =>
      node !== to &&
      node.origin.kind === 'map' &&
      node.operands.includes(from) &&
      !isWritten(node) &&
      !forced.has(node),
  );
  if (readers.length === 0 || readers.some(({ size }) => 4 * size > from.size)) return false;
  for (const reader of readers) forced.add(reader);
  return true;
}

/**
 * One distinct array per result: inputs and repeated results are copied, inputs before anything is changed; but
 * for outputs that are `held` in the memory of an input.
 */
function withOutputs(
  builder: KernelBuilder,
  results: readonly ArrayNode[],
  held: ReadonlyMap<number, number>,
): Launches {
  const used = new Set(results.filter((_, k) => held.has(k)));
  const before = builder.launches.splice(0);
  const late: [ArrayNode, Source][] = [];
  const outputs = results.map((node, k) => {
    if (held.has(k)) return node.source;
    if (node.origin.kind !== 'input' && !used.has(node)) {
      used.add(node);
      return node.source;
    }
    const copy = makeSource(node.aval.dtype, node.size);
    if (node.origin.kind === 'input') builder.addCopy(node, copy);
    else late.push([node, copy]);
    return copy;
  });
  const first = builder.launches.length;
  builder.launches.push(...before);
  for (const [node, copy] of late) builder.addCopy(node, copy);
  const overlays = builder.overlays.map((one) => ({ ...one, start: one.start + first }));
  return { launches: builder.launches, overlays, outputs };
}
