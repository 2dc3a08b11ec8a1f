/** Loops and branches between launches: arrays are handed to a sequence by rewriting its addresses. */
import { sizeOf } from '../../base/aval.ts';
import { bytesOf } from '../../base/dtype.ts';
import { invariant } from '../../base/errors.ts';
import {
  type Branch,
  type HostCall,
  movingCarries,
  type Repeat,
  type While,
} from '../../compile/control.ts';
import type { Heap } from './heap.ts';
import type { Page } from './outside.ts';
import { pageOf } from './paging.ts';
import type { Rooms, Sequence, Surroundings } from './sequence.ts';
import { elementsAt, setElementsAt } from './storage.ts';

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

/** Reads a word of memory. Memory may grow while a body runs, so that its view is asked for each time. */
const reader =
  (heap: Heap) =>
  (index: number): number =>
    heap.words[index] ?? 0;

/** A stack outside memory, and the block that its slices are brought to, turn by turn. */
interface Stage {
  readonly input: number;
  readonly page: Page;
  readonly block: number;
  readonly bytes: number;
}

/** Where the carries that move are: at the beginning, in the end, and in between. */
interface CarryPlaces {
  readonly first: readonly number[];
  readonly last: readonly number[];
  readonly spare: readonly number[];
}

/** Reads the addresses of carries from the words that hold them; second places are there for those that move only. */
const placesAt =
  (
    word: (index: number) => number,
    moving: readonly number[],
    { first, last, spare }: Readonly<Record<keyof CarryPlaces, number>>,
  ): (() => CarryPlaces) =>
  () => ({
    first: moving.map((k) => word(first + k)),
    last: moving.map((k) => word(last + k)),
    spare: moving.map((_, i) => word(spare + i)),
  });

/** Tells the body where the carries are that it changes where they lie. */
function bindHeld(
  body: Sequence,
  consts: number,
  carries: number,
  word: (index: number) => number,
  last: number,
): void {
  const { changed } = body.plan;
  for (let k = 0; k < carries; k++) {
    if (changed?.has(k) !== true) continue;
    body.bindInput(consts + k, word(last + k));
    body.bindOutput(k, word(last + k));
  }
}

/** A loop of known length; the words from `start` on hold the addresses of its buffers. */
export function repeatAction(
  repeat: Repeat,
  start: number,
  body: Sequence,
  { heap, owner }: Surroundings,
): Action {
  const { count, consts, carries, reads, writes, isReversed } = repeat;
  const inputBytes = bytesOfAll(body.plan.inputs);
  const outputBytes = bytesOfAll(body.plan.outputs);
  const moving = movingCarries(body.plan, carries);
  const [constants = 0, first = 0, stacks = 0, last = 0, written = 0, spare = 0, arena = 0] =
    counts(start, consts, carries, reads, carries, writes, count > 1 ? moving.length : 0);
  const word = reader(heap);
  const placesOf = placesAt(word, moving, { first, last, spare });
  const turn = (present: readonly number[], next: readonly number[], position: number): void => {
    moving.forEach((k, i) => {
      body.bindInput(consts + k, present[i] ?? 0);
      body.bindOutput(k, next[i] ?? 0);
    });
    for (let k = 0; k < reads; k++) {
      const input = consts + carries + k;
      body.bindInput(input, word(stacks + k) + position * (inputBytes[input] ?? 0));
    }
    for (let k = 0; k < writes; k++) {
      const output = carries + k;
      body.bindOutput(output, word(written + k) + position * (outputBytes[output] ?? 0));
    }
  };
  const stages = ({ pages }: Rooms): Stage[] => {
    const found: Stage[] = [];
    if (pages.length === 0 || count === 0) return found;
    for (let k = 0; k < reads; k++) {
      const input = consts + carries + k;
      const page = pageOf(pages, word(stacks + k));
      const bytes = inputBytes[input] ?? 0;
      if (page !== undefined) found.push({ input, page, block: heap.allocate(bytes), bytes });
    }
    return found;
  };
  const runTurns = (rooms: Rooms, staged: readonly Stage[]): void => {
    const places = placesOf();
    let present = places.first;
    for (let done = 0; done < count; done++) {
      const next = (count - 1 - done) % 2 === 0 ? places.last : places.spare;
      const position = isReversed ? count - 1 - done : done;
      turn(present, next, position);
      for (const { input, page, block, bytes } of staged) {
        owner.outside.bringIn(page, block, position * bytes, bytes);
        body.bindInput(input, block);
      }
      body.run(rooms);
      present = next;
    }
  };
  return (rooms) => {
    if (body.plan.arenaBytes > 0) body.placeArena(word(arena));
    for (let k = 0; k < consts; k++) body.bindInput(k, word(constants + k));
    bindHeld(body, consts, carries, word, last);
    if (count === 0) {
      for (const k of moving) {
        copy(heap, word(first + k), word(last + k), outputBytes[k] ?? 0);
      }
    }
    const staged = stages(rooms);
    try {
      runTurns(rooms, staged);
    } finally {
      for (const { block } of staged) heap.free(block);
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
  const word = reader(heap);
  const bytes = bytesOfAll(body.plan.outputs);
  const moving = movingCarries(body.plan, carries);
  const most = bound ?? Number.POSITIVE_INFINITY;
  const [forTest = 0, forBody = 0, first = 0, last = 0, spare = 0, flag = 0, arena = 0] = counts(
    start,
    conditionConsts,
    bodyConsts,
    carries,
    carries,
    moving.length,
    1,
  );
  const placesOf = placesAt(word, moving, { first, last, spare });
  const goesOn = (present: readonly number[], rooms: Rooms): boolean => {
    moving.forEach((k, i) => {
      condition.bindInput(conditionConsts + k, present[i] ?? 0);
    });
    condition.run(rooms);
    return word(word(flag) / 4) !== 0;
  };
  return (rooms) => {
    for (const sequence of [condition, body]) {
      if (sequence.plan.arenaBytes > 0) sequence.placeArena(word(arena));
    }
    for (let k = 0; k < conditionConsts; k++) condition.bindInput(k, word(forTest + k));
    for (let k = 0; k < bodyConsts; k++) body.bindInput(k, word(forBody + k));
    condition.bindOutput(0, word(flag));
    bindHeld(body, bodyConsts, carries, word, last);
    for (let k = 0; k < carries; k++) {
      if (body.plan.changed?.has(k)) condition.bindInput(conditionConsts + k, word(last + k));
    }
    const places = placesOf();
    let present = places.first;
    for (let turn = 0; turn < most && goesOn(present, rooms); turn++) {
      const next = present === places.last ? places.spare : places.last;
      moving.forEach((k, i) => {
        body.bindInput(bodyConsts + k, present[i] ?? 0);
        body.bindOutput(k, next[i] ?? 0);
      });
      body.run(rooms);
      present = next;
    }
    moving.forEach((k, i) => {
      copy(heap, present[i] ?? 0, word(last + k), bytes[k] ?? 0);
    });
  };
}

/** One of several sequences. */
export function branchAction(
  { branches: plans }: Branch,
  start: number,
  branches: readonly Sequence[],
  heap: Heap,
): Action {
  const word = reader(heap);
  const operands = plans[0]?.inputs.length ?? 0;
  const results = plans[0]?.outputs.length ?? 0;
  const [index = 0, given = 0, taken = 0, arena = 0] = counts(start, 1, operands, results);
  return (rooms) => {
    const chosen = branches[word(word(index) / 4)];
    invariant(chosen !== undefined, 'a branch that does not exist');
    if (chosen.plan.arenaBytes > 0) chosen.placeArena(word(arena));
    for (let k = 0; k < operands; k++) chosen.bindInput(k, word(given + k));
    for (let k = 0; k < results; k++) chosen.bindOutput(k, word(taken + k));
    chosen.run(rooms);
  };
}

/** A call of a function on the host. */
export function hostAction(step: HostCall, start: number, heap: Heap): Action {
  const word = reader(heap);
  const { operands, results, isGuarded } = step;
  const [given = 0, taken = 0] = counts(start + (isGuarded ? 1 : 0), operands.length);
  return ({ calls }) => {
    if (isGuarded && word(word(start) / 4) === 0) return;
    const copies = operands.map(({ dtype, shape }, k) =>
      elementsAt(heap, word(given + k), dtype, sizeOf(shape)),
    );
    const found = calls.call(step, copies);
    results.forEach(({ dtype }, k) => {
      const elements = found[k];
      invariant(elements !== undefined, 'a call with too few results');
      setElementsAt(heap, word(taken + k), dtype, elements);
    });
  };
}
