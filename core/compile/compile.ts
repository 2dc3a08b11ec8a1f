/** Program → plan: the compiler from end to end. */
import { dropUnused } from '../ir/drop-unused.ts';
import { makeSource, type Source, withExprPool } from '../ir/expr.ts';
import type { Program } from '../ir/program.ts';
import { lookup } from '../ir/program.ts';
import type { CallNumbers } from './build-control.ts';
import { KernelBuilder, type Launch } from './build-kernels.ts';
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
  const shared = simplify(inlineCalls(dropUnused(program), target));
  const simple = target.device === 'webgpu' ? separateOperands(shared) : shared;
  const plans = new Map<Program, Plan>();
  const planOf = (body: Program): Plan => {
    const plan = plans.get(body) ?? compile(body, target, undefined, calls);
    plans.set(body, plan);
    return plan;
  };
  return withExprPool(() => {
    const graph = buildGraph(simple, target.fuse);
    const lean = target.fuse ? rematerialise(simple, graph.nodeOf) : simple;
    const { nodes, nodeOf } = lean === simple ? graph : buildGraph(lean, target.fuse);
    const results = simple.outputs.map((variable) => lookup(nodeOf, variable));
    const inputs = simple.inputs.map((variable) => lookup(nodeOf, variable).source);
    const { launches, outputs } = buildLaunches(
      nodes,
      results,
      target,
      (fusion) => new KernelBuilder(fusion, target, planOf, calls),
    );
    const together = target.fuse ? mergeKernels(launches, target) : launches;
    const merged = target.hasFastThreads ? together.map(walkRows) : together;
    const memory = planMemory(merged, inputs, outputs, donated, target);
    return {
      inputs: simple.inputs.map((variable) => variable.aval),
      outputs: results.map((node) => node.aval),
      steps: merged.map(({ kernel, site }) => ({
        kernel,
        site,
        slots: kernel.buffers.map(({ source }) => memory.slotOf(source)),
      })),
      arenaBytes: memory.arenaBytes,
      aliases: memory.aliases,
    };
  });
}

const walkRows = ({ kernel, site }: Launch): Launch => ({
  kernel: kernel.kind === 'loop' ? reduceByRows(kernel) : kernel,
  site,
});

interface Launches {
  readonly launches: readonly Launch[];
  readonly outputs: readonly Source[];
}

/** Kernels that respect the device's limit on buffers, found by writing more arrays until they do. */
function buildLaunches(
  nodes: readonly ArrayNode[],
  results: readonly ArrayNode[],
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
    if (isOver) continue;
    return { launches: builder.launches, outputs: addOutputs(builder, results) };
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

/** One distinct array per result: inputs and repeated results are copied. */
function addOutputs(builder: KernelBuilder, results: readonly ArrayNode[]): Source[] {
  const used = new Set<ArrayNode>();
  return results.map((node) => {
    if (node.origin.kind !== 'input' && !used.has(node)) {
      used.add(node);
      return node.source;
    }
    const copy = makeSource(node.aval.dtype, node.size);
    builder.addCopy(node, copy);
    return copy;
  });
}
