/** A plan made ready: shaders, pipelines, and which part of which buffer each binding is. */
import { showAval, sizeOf } from '../../base/aval.ts';
import { bytesOf } from '../../base/dtype.ts';
import { invariant } from '../../base/errors.ts';
import type { Control, HostCall, Repeat } from '../../compile/control.ts';
import { cutKernel } from '../../compile/cut-kernel.ts';
import type { Kernel } from '../../compile/kernel.ts';
import { costOfKernel } from '../../compile/kernel-cost.ts';
import { isKernel, type Plan, type Slot, type Step } from '../../compile/plan.ts';
import { emitWgsl, type WgslKernel, type WgslOptions } from '../../emit/wgsl/emit.ts';
import type { BindingPlan } from '../../emit/wgsl/module-writer.ts';
import { withExprPool } from '../../ir/expr.ts';
import type { KernelFacts } from '../profile.ts';
import { arrayTooLarge } from './errors.ts';
import type { Pipeline, Pipelines } from './pipelines.ts';
import { type Part, wholeWords } from './places.ts';
import type { Tuner } from './tuner/tuner.ts';

/** One launch, prepared. */
export interface Launch {
  readonly kind: 'launch';
  readonly pipeline: Pipeline;
  /** Per binding, where it lives. */
  readonly slots: readonly Slot[];
  /** Per binding, which part of that; null: all. */
  readonly parts: readonly Part[] | null;
  readonly facts: KernelFacts;
}

/** A loop, prepared. */
export interface Turns {
  readonly kind: 'turns';
  readonly body: Prepared;
  readonly repeat: Repeat;
  /** Where each of the loop's buffers lives. */
  readonly slots: readonly Slot[];
}

/** A call on the host, prepared: its operands are copied when it is its turn, and read afterwards. */
export interface Log {
  readonly kind: 'log';
  readonly step: HostCall;
  readonly slots: readonly Slot[];
}

/** A plan, prepared. */
export interface Prepared {
  readonly actions: readonly (Launch | Turns | Log)[];
  /** Bytes that calls on the host copy in one run. */
  readonly logBytes: number;
  /** Of all launches, also of those inside loops. */
  readonly pipelines: readonly Pipeline[];
  readonly kernels: readonly string[];
  /** For messages: the kernels by name. */
  readonly name: string;
}

/** The limits that preparation respects. */
export type Limits = Pick<
  GPUSupportedLimits,
  'maxBufferSize' | 'maxStorageBufferBindingSize' | 'maxStorageBuffersPerShaderStage'
>;

/** A vector of four elements, the most that kernels load at once. */
const fourWords = 16;
/** What bindings start at multiples of, in bytes. */
export const offsetAlignment = 256;

/** What preparation needs to know. */
export interface PrepareOptions {
  readonly pipelines: Pipelines;
  readonly limits: Limits;
  readonly emit: WgslOptions;
  /** Null: kernels are as the generator writes them. */
  readonly tuner: Tuner | null;
}

/** The shaders and pipelines of a plan. @throws `array-too-large` */
export function preparePlan(plan: Plan, options: PrepareOptions): Prepared {
  return prepare(
    plan,
    options,
    plan.inputs.map(() => true),
  );
}

/** @param isInput - Which inputs are buffers of their own, that nothing writes while the plan runs. */
function prepare(plan: Plan, options: PrepareOptions, isInput: readonly boolean[]): Prepared {
  const actions: (Launch | Turns | Log)[] = [];
  let logBytes = 0;
  const pipelines: Pipeline[] = [];
  const kernels = new Set<string>();
  checkSize('the intermediate arrays together', plan.arenaBytes, options.limits, 'maxBufferSize');
  for (const { kernel: task, slots: all, site } of plan.steps) {
    if (!isKernel(task) && task.kind === 'host') {
      actions.push({ kind: 'log', step: task, slots: all });
      // One word at least, so that a log of calls without operands is one, too.
      logBytes += Math.max(
        4,
        all.reduce((sum, { bytes }) => sum + wholeWords(bytes), 0),
      );
      continue;
    }
    if (!isKernel(task)) {
      const turns = prepareLoop(task, all, options, isInput);
      for (const text of turns.body.kernels) kernels.add(text);
      pipelines.push(...turns.body.pipelines);
      logBytes += turns.body.logBytes * turns.repeat.count;
      actions.push(turns);
      continue;
    }
    const step = { kernel: task, slots: all, site };
    const { slots, bindings } = planBindings(step, plan, isInput);
    const isEmpty = task.buffers.some(
      ({ access, source }) => access !== 'read' && source.length === 0,
    );
    if (isEmpty) continue;
    for (const { kernel: piece, offsets } of piecesOf(task, bindings, options)) {
      const shader = emitWgsl(piece, { ...options.emit, bindings });
      checkBindings(step, slots, shader, plan, options.limits);
      const isEmpty = shader.grid[0] * shader.grid[1] === 0;
      const { name } = task;
      const tuned = isEmpty
        ? null
        : (options.tuner?.tune({ kernel: piece, bindings, shader, name, site }) ?? null);
      const kernel = tuned?.shader ?? shader;
      kernels.add(kernel.code);
      if (isEmpty) continue;
      const pipeline = tuned?.pipeline ?? options.pipelines.get(kernel, name, site);
      pipelines.push(pipeline);
      const facts = { name: task.name, site, cost: costOfKernel(piece, all) };
      const parts = offsets === null ? null : partsOf(offsets, bindings, kernel);
      actions.push({ kind: 'launch', pipeline, slots, parts, facts });
    }
  }
  checkSize('what is printed', logBytes, options.limits, 'maxBufferSize');
  return { actions, logBytes, pipelines, kernels: [...kernels], name: namesOf(plan) };
}

/** The kernel, or, if an array of it is more than a binding may hold, its pieces. */
function piecesOf(
  kernel: Kernel,
  { bindingOf }: BindingPlan,
  { limits: { maxStorageBufferBindingSize: most }, emit }: PrepareOptions,
): readonly { readonly kernel: Kernel; readonly offsets: readonly number[] | null }[] {
  const whole = [{ kernel, offsets: null }];
  if (kernel.buffers.every(({ source }) => source.length * bytesOf(source.dtype) <= most))
    return whole;
  const maxBytes = fourWords * Math.floor(most / fourWords);
  const writesHalves = emit.parameters?.nativeHalves === true;
  const options = { maxBytes, alignment: offsetAlignment, bindingOf, writesHalves };
  return withExprPool(() => cutKernel(kernel, options)) ?? whole;
}

const partsOf = (
  offsets: readonly number[],
  { bindingOf }: BindingPlan,
  { bindings }: WgslKernel,
): Part[] =>
  bindings.map(({ bytes }, binding) => ({
    start: offsets[bindingOf.indexOf(binding)] ?? 0,
    bytes,
  }));

function prepareLoop(
  task: Control,
  slots: readonly Slot[],
  options: PrepareOptions,
  isInput: readonly boolean[],
): Turns {
  invariant(task.kind === 'repeat' && task.isIndexed, 'control flow that no GPU can run');
  const isOwn = task.body.inputs.map((_, i) => {
    const slot = slots[i];
    return i < task.consts && slot?.kind === 'input' && isInput[slot.index] === true;
  });
  return { kind: 'turns', body: prepare(task.body, options, isOwn), repeat: task, slots };
}

const namesOf = ({ steps }: Plan): string => {
  const names = [...new Set(steps.map(({ kernel }) => `'${kernel.name}'`))];
  const shown = names.slice(0, 3).join(', ');
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown;
};

/** Memory that slots stand for: an output that takes over an input's memory is that memory. */
function placeOf(slot: Slot, { aliases }: Plan): string {
  if (slot.kind === 'arena') return `arena ${slot.offset}`;
  const alias = slot.kind === 'output' ? aliases.get(slot.index) : undefined;
  return alias === undefined ? `${slot.kind} ${slot.index}` : `input ${alias}`;
}

/** Slots in the same memory share a binding; all of the arena is writable, since one buffer cannot be both. */
function planBindings(
  { kernel, slots }: Step,
  plan: Plan,
  isInput: readonly boolean[],
): { readonly slots: readonly Slot[]; readonly bindings: BindingPlan } {
  const places: string[] = [];
  const merged: Slot[] = [];
  const bindingOf = kernel.buffers.map((_, i) => {
    const slot = slots[i];
    invariant(slot !== undefined, 'a buffer without a slot');
    const place = placeOf(slot, plan);
    const known = places.indexOf(place);
    if (known < 0) {
      places.push(place);
      return merged.push(slot) - 1;
    }
    // Of a donated input and the output in its place the latter says where the memory is.
    if (slot.kind === 'output') merged[known] = slot;
    return known;
  });
  const isWritable = merged.map(
    (slot, binding) =>
      slot.kind !== 'input' ||
      isInput[slot.index] !== true ||
      kernel.buffers.some(({ access }, i) => bindingOf[i] === binding && access !== 'read'),
  );
  return { slots: merged, bindings: { bindingOf, isWritable } };
}

function checkBindings(
  { kernel }: Step,
  slots: readonly Slot[],
  { bindings }: WgslKernel,
  plan: Plan,
  limits: Limits,
): void {
  invariant(
    bindings.length <= limits.maxStorageBuffersPerShaderStage,
    `kernel '${kernel.name}' has ${bindings.length} buffers`,
  );
  bindings.forEach(({ bytes }, i) => {
    const slot = slots[i];
    invariant(slot !== undefined, 'a binding without a slot');
    checkSize(describeSlot(slot, plan, kernel.name), bytes, limits, 'maxStorageBufferBindingSize');
  });
}

function describeSlot(slot: Slot, plan: Plan, kernel: string): string {
  if (slot.kind === 'arena') return `an intermediate array of kernel '${kernel}'`;
  const aval = (slot.kind === 'input' ? plan.inputs : plan.outputs)[slot.index];
  const shown = aval === undefined ? '' : ` ${showAval(aval)}`;
  return `${slot.kind} ${slot.index}${shown} of kernel '${kernel}'`;
}

function checkSize(
  array: string,
  bytes: number,
  limits: Limits,
  name: 'maxBufferSize' | 'maxStorageBufferBindingSize',
): void {
  if (bytes > limits[name]) throw arrayTooLarge(array, bytes, limits[name], name);
}

/** Bytes of an array's elements, in whole words. */
export const outputBytes = (plan: Plan, index: number): number => {
  const aval = plan.outputs[index];
  invariant(aval !== undefined, 'an output without a type');
  return wholeWords(sizeOf(aval.shape) * bytesOf(aval.dtype));
};
