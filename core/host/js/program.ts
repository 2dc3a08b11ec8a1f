/** A plan on the reference device: kernels as functions, loops and branches as what they are. */
import { sizeOf } from '../../base/aval.ts';
import { type DType, memoryView, type TypedArray } from '../../base/dtype.ts';
import { invariant } from '../../base/errors.ts';
import type { Branch, Repeat, While } from '../../compile/control.ts';
import { isKernel, type Plan, type Slot, type Step } from '../../compile/plan.ts';
import { emitJs, instantiateJs, type Precision } from '../../emit/js/emit.ts';

/** Memory for the intermediate arrays of a plan. */
export interface Arena {
  readonly buffer: ArrayBufferLike;
  readonly offset: number;
}

type Elements = readonly TypedArray[];
type Run = (buffers: Elements) => void;

/** The elements of an array in memory, in the device's precision. */
export function viewOf(
  { buffer, offset }: Arena,
  dtype: DType,
  length: number,
  precision: Precision,
): TypedArray {
  return dtype === 'float32' && precision === 'float64'
    ? new Float64Array(buffer, offset, length)
    : memoryView(dtype, buffer, offset, length);
}

/** A plan that can be run on arrays in memory. */
export class JsProgram {
  /** The text of every distinct kernel. */
  readonly texts = new Set<string>();
  readonly #plan: Plan;
  readonly #precision: Precision;
  readonly #runs: readonly Run[];

  constructor(plan: Plan, precision: Precision) {
    this.#plan = plan;
    this.#precision = precision;
    this.#runs = plan.steps.map((step) => this.#prepare(step));
  }

  /** Fills the outputs. */
  run(inputs: Elements, outputs: Elements, arena: Arena): void {
    const scale = this.#precision === 'float64' ? 2 : 1;
    const view = (slot: Slot, dtype: DType, length: number): TypedArray => {
      if (slot.kind === 'arena') {
        const place = { buffer: arena.buffer, offset: arena.offset + slot.offset * scale };
        return viewOf(place, dtype, length, this.#precision);
      }
      return at(slot.kind === 'input' ? inputs : outputs, slot.index);
    };
    this.#plan.steps.forEach(({ kernel, slots }, i) => {
      const buffers = kernel.buffers.map(({ source }, b) =>
        view(at(slots, b), source.dtype, source.length),
      );
      at(this.#runs, i)(buffers);
    });
  }

  #prepare({ kernel }: Step): Run {
    if (isKernel(kernel)) {
      const text = emitJs(kernel, this.#precision);
      this.texts.add(text);
      const run = instantiateJs(text, kernel.buffers.length);
      return (buffers) => run(...buffers);
    }
    switch (kernel.kind) {
      case 'repeat':
        return this.#repeat(kernel);
      case 'while':
        return this.#while(kernel);
      case 'branch':
        return this.#branch(kernel);
    }
  }

  #load(plan: Plan): JsProgram {
    const program = new JsProgram(plan, this.#precision);
    for (const text of program.texts) this.texts.add(text);
    return program;
  }

  #repeat({ body: plan, count, consts, carries, reads, writes, isReversed }: Repeat): Run {
    const body = this.#load(plan);
    return (buffers) => {
      const take = taker(buffers);
      const [constants, first, stacks] = [take(consts), take(carries), take(reads)];
      const [last, written, spare] = [take(carries), take(writes), take(count > 1 ? carries : 0)];
      const arena = arenaIn(take(1));
      let present = first;
      if (count === 0) copyAll(first, last);
      for (let turn = 0; turn < count; turn++) {
        const position = isReversed ? count - 1 - turn : turn;
        const next = (count - 1 - turn) % 2 === 0 ? last : spare;
        const read = slicesAt(stacks, plan.inputs.slice(consts + carries), position);
        const write = slicesAt(written, plan.outputs.slice(carries), position);
        body.run([...constants, ...present, ...read], [...next, ...write], arena);
        present = next;
      }
    };
  }

  #while(loop: While): Run {
    const { condition, body: plan, conditionConsts, bodyConsts, carries } = loop;
    const bound = loop.bound ?? Number.POSITIVE_INFINITY;
    const test = this.#load(condition);
    const body = this.#load(plan);
    return (buffers) => {
      const take = taker(buffers);
      const [forTest, forBody, first] = [take(conditionConsts), take(bodyConsts), take(carries)];
      const [last, spare, flag] = [take(carries), take(carries), take(1)];
      const arena = arenaIn(take(1));
      const goesOn = (): boolean => {
        test.run([...forTest, ...present], flag, arena);
        return flag[0]?.[0] !== 0;
      };
      let present = first;
      for (let turn = 0; turn < bound && goesOn(); turn++) {
        const next = present === last ? spare : last;
        body.run([...forBody, ...present], next, arena);
        present = next;
      }
      if (present !== last) copyAll(present, last);
    };
  }

  #branch({ branches }: Branch): Run {
    const programs = branches.map((plan) => this.#load(plan));
    const { inputs, outputs } = at(branches, 0);
    return (buffers) => {
      const take = taker(buffers);
      const [index] = take(1);
      const [operands, results] = [take(inputs.length), take(outputs.length)];
      at(programs, index?.[0] ?? 0).run(operands, results, arenaIn(take(1)));
    };
  }
}

/** The item at a position that must be there. */
function at<T>(items: readonly T[], index: number): T {
  const item = items[index];
  invariant(item !== undefined, `item ${index} of ${items.length}`);
  return item;
}

/** Takes the next few buffers at each call. */
function taker(buffers: Elements): (count: number) => Elements {
  let next = 0;
  return (count) => {
    next += count;
    return buffers.slice(next - count, next);
  };
}

const arenaIn = ([room]: Elements): Arena =>
  room === undefined
    ? { buffer: new ArrayBuffer(0), offset: 0 }
    : { buffer: room.buffer, offset: room.byteOffset };

const slicesAt = (stacks: Elements, avals: Plan['inputs'], position: number): Elements =>
  stacks.map((stack, i) => {
    const length = sizeOf(at(avals, i).shape);
    return stack.subarray(position * length, (position + 1) * length);
  });

const copyAll = (from: Elements, to: Elements): void =>
  to.forEach((elements, i) => {
    elements.set(at(from, i));
  });
