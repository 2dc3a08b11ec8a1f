/** Loops and branches between launches: arrays are handed to a sequence by rewriting its addresses. */
import { sizeOf } from '../../base/aval.ts';
import { bytesOf } from '../../base/dtype.ts';
import { invariant } from '../../base/errors.ts';
import type { Branch, Repeat, While } from '../../compile/control.ts';
import type { Heap } from './heap.ts';
import type { Rooms, Sequence } from './sequence.ts';

type Action = (rooms: Rooms) => void;

/** Bytes of each array. */
const bytesOfAll = (avals: Sequence['plan']['inputs']): number[] =>
  avals.map(({ shape, dtype }) => bytesOf(dtype) * sizeOf(shape));

const counts = (first: number, ...sizes: readonly number[]): number[] => {
  const starts = [first];
  for (const size of sizes) starts.push((starts[starts.length - 1] ?? 0) + size);
  return starts;
};

/** Copies bytes within memory. */
function copy(heap: Heap, from: number, to: number, bytes: number): void {
  if (from !== to) new Uint8Array(heap.memory.buffer).copyWithin(to, from, from + bytes);
}

/** A loop of known length; the words from `start` on hold the addresses of its buffers. */
export function repeatAction(repeat: Repeat, start: number, body: Sequence, heap: Heap): Action {
  const { count, consts, carries, reads, writes, isReversed } = repeat;
  const inputBytes = bytesOfAll(body.plan.inputs);
  const outputBytes = bytesOfAll(body.plan.outputs);
  const [constants = 0, first = 0, stacks = 0, last = 0, written = 0, spare = 0, arena = 0] =
    counts(start, consts, carries, reads, carries, writes, count > 1 ? carries : 0);
  const turn = (present: number, next: number, position: number, ints: Heap['ints']): void => {
    for (let k = 0; k < carries; k++) {
      body.bindInput(consts + k, ints[present + k] ?? 0);
      body.bindOutput(k, ints[next + k] ?? 0);
    }
    for (let k = 0; k < reads; k++) {
      const input = consts + carries + k;
      body.bindInput(input, (ints[stacks + k] ?? 0) + position * (inputBytes[input] ?? 0));
    }
    for (let k = 0; k < writes; k++) {
      const output = carries + k;
      body.bindOutput(output, (ints[written + k] ?? 0) + position * (outputBytes[output] ?? 0));
    }
  };
  return (rooms) => {
    const { ints } = heap;
    if (body.plan.arenaBytes > 0) body.placeArena(ints[arena] ?? 0);
    for (let k = 0; k < consts; k++) body.bindInput(k, ints[constants + k] ?? 0);
    if (count === 0) {
      for (let k = 0; k < carries; k++) {
        copy(heap, ints[first + k] ?? 0, ints[last + k] ?? 0, outputBytes[k] ?? 0);
      }
    }
    let present = first;
    for (let done = 0; done < count; done++) {
      const next = (count - 1 - done) % 2 === 0 ? last : spare;
      turn(present, next, isReversed ? count - 1 - done : done, ints);
      body.run(rooms);
      present = next;
    }
  };
}

/** A loop that ends when its condition fails. */
export function whileAction(
  { conditionConsts, bodyConsts, carries, bound }: While,
  start: number,
  [condition, body]: readonly [Sequence, Sequence],
  heap: Heap,
): Action {
  const bytes = bytesOfAll(body.plan.outputs);
  const most = bound ?? Number.POSITIVE_INFINITY;
  const [forTest = 0, forBody = 0, first = 0, last = 0, spare = 0, flag = 0, arena = 0] = counts(
    start,
    conditionConsts,
    bodyConsts,
    carries,
    carries,
    carries,
    1,
  );
  const goesOn = (present: number, ints: Heap['ints'], rooms: Rooms): boolean => {
    for (let k = 0; k < carries; k++) {
      condition.bindInput(conditionConsts + k, ints[present + k] ?? 0);
    }
    condition.run(rooms);
    return ints[(ints[flag] ?? 0) / 4] !== 0;
  };
  return (rooms) => {
    const { ints } = heap;
    for (const sequence of [condition, body]) {
      if (sequence.plan.arenaBytes > 0) sequence.placeArena(ints[arena] ?? 0);
    }
    for (let k = 0; k < conditionConsts; k++) condition.bindInput(k, ints[forTest + k] ?? 0);
    for (let k = 0; k < bodyConsts; k++) body.bindInput(k, ints[forBody + k] ?? 0);
    condition.bindOutput(0, ints[flag] ?? 0);
    let present = first;
    for (let turn = 0; turn < most && goesOn(present, ints, rooms); turn++) {
      const next = present === last ? spare : last;
      for (let k = 0; k < carries; k++) {
        body.bindInput(bodyConsts + k, ints[present + k] ?? 0);
        body.bindOutput(k, ints[next + k] ?? 0);
      }
      body.run(rooms);
      present = next;
    }
    for (let k = 0; k < carries; k++) {
      copy(heap, ints[present + k] ?? 0, ints[last + k] ?? 0, bytes[k] ?? 0);
    }
  };
}

/** One of several sequences. */
export function branchAction(
  { branches: plans }: Branch,
  start: number,
  branches: readonly Sequence[],
  heap: Heap,
): Action {
  const operands = plans[0]?.inputs.length ?? 0;
  const results = plans[0]?.outputs.length ?? 0;
  const [index = 0, given = 0, taken = 0, arena = 0] = counts(start, 1, operands, results);
  return (rooms) => {
    const { ints } = heap;
    const chosen = branches[ints[(ints[index] ?? 0) / 4] ?? 0];
    invariant(chosen !== undefined, 'a branch that does not exist');
    if (chosen.plan.arenaBytes > 0) chosen.placeArena(ints[arena] ?? 0);
    for (let k = 0; k < operands; k++) chosen.bindInput(k, ints[given + k] ?? 0);
    for (let k = 0; k < results; k++) chosen.bindOutput(k, ints[taken + k] ?? 0);
    chosen.run(rooms);
  };
}
