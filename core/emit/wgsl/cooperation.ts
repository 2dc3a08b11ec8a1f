/** How the lanes of a workgroup combine what each has computed. */
import type { ScalarType } from '../../base/dtype.ts';
import { invariant } from '../../base/errors.ts';
import type { ReduceOp } from '../../ir/scalar-ops.ts';
import { BodyWriter, type Cooperation } from './body-writer.ts';
import { fromMemory, type ModuleWriter, toMemory } from './module-writer.ts';
import type { LoopParameters } from './parameters.ts';
import { memoryType, valueType } from './types.ts';

/** Inputs of an entry point: a lane's place in its subgroup, and the subgroup's in its workgroup. */
export const laneInSubgroup = '@builtin(subgroup_invocation_id) place: u32';
export const subgroupInWorkgroup = '@builtin(subgroup_id) subgroup: u32';

/** The cooperation of the lanes of one workgroup. */
export function cooperate(
  module: ModuleWriter,
  { sharing, sharedLanes: lanes, subgroupSize }: LoopParameters,
): Cooperation {
  switch (sharing) {
    case 'tree':
      return { lanes, builtins: [], combine: combineByTree(module, lanes) };
    case 'subgroup':
      invariant(lanes === subgroupSize, 'a workgroup of one subgroup');
      module.enable('subgroups');
      return { lanes, builtins: [], combine: combineBySubgroup(module, lanes) };
    case 'subgroups': {
      invariant(lanes % subgroupSize === 0, 'a workgroup of whole subgroups');
      module.enable('subgroups');
      const builtins = [laneInSubgroup, subgroupInWorkgroup];
      return { lanes, builtins, combine: combineBySubgroups(module, lanes, subgroupSize) };
    }
  }
}

/** Adds a module-scope function that gives every lane the combined value, and returns a call of it. */
type Combine = Cooperation['combine'];

/** a `op` b for values as they are in memory, which subgroup operations and workgroup memory share. */
function combined(
  module: ModuleWriter,
  op: ReduceOp,
  dtype: ScalarType,
  a: string,
  b: string,
): string {
  const text = new BodyWriter(module).combine(
    op,
    dtype,
    fromMemory(a, dtype),
    fromMemory(b, dtype),
  );
  return toMemory(text, dtype);
}

function call(name: string, args: string, dtype: ScalarType, value: string): string {
  return fromMemory(`${name}(${args}${toMemory(value, dtype)})`, dtype);
}

/** Lanes combine by halves in workgroup memory. */
function combineByTree(module: ModuleWriter, lanes: number): Combine {
  return (op, dtype, value) => {
    const type = memoryType[dtype];
    const name = `share_${op}_${valueType[dtype]}`;
    const scratch = `lanes_${type}`;
    const both = combined(module, op, dtype, `${scratch}[lane]`, `${scratch}[lane + half]`);
    module.declare(`var<workgroup> ${scratch}: array<${type}, ${lanes}>;`);
    module.declare(`fn ${name}(lane: u32, value: ${type}) -> ${type} {
  workgroupBarrier();
  ${scratch}[lane] = value;
  workgroupBarrier();
  for (var half = ${lanes / 2}u; half > 0u; half = half >> 1u) {
    if (lane < half) { ${scratch}[lane] = ${both}; }
    workgroupBarrier();
  }
  return ${scratch}[0];
}`);
    return call(name, 'lane, ', dtype, value);
  };
}

/** Lanes exchange values with ever farther neighbours, so that all end with the same bits. */
function exchange(module: ModuleWriter, op: ReduceOp, dtype: ScalarType, size: number): string {
  const lines: string[] = [];
  for (let step = 1; step < size; step *= 2) {
    const both = combined(module, op, dtype, 'all', `subgroupShuffleXor(all, ${step}u)`);
    lines.push(`  all = ${both};`);
  }
  return lines.join('\n');
}

function combineBySubgroup(module: ModuleWriter, size: number): Combine {
  return (op, dtype, value) => {
    const type = memoryType[dtype];
    const name = `share_${op}_${valueType[dtype]}`;
    module.declare(`fn ${name}(value: ${type}) -> ${type} {
  var all = value;
${exchange(module, op, dtype, size)}
  return all;
}`);
    return call(name, '', dtype, value);
  };
}

function combineBySubgroups(module: ModuleWriter, lanes: number, size: number): Combine {
  return (op, dtype, value) => {
    const type = memoryType[dtype];
    const name = `share_${op}_${valueType[dtype]}`;
    const scratch = `groups_${type}`;
    const both = combined(module, op, dtype, 'all', `${scratch}[i]`);
    module.declare(`var<workgroup> ${scratch}: array<${type}, ${lanes / size}>;`);
    module.declare(`fn ${name}(place: u32, subgroup: u32, value: ${type}) -> ${type} {
  var all = value;
${exchange(module, op, dtype, size)}
  workgroupBarrier();
  if (place == 0u) { ${scratch}[subgroup] = all; }
  workgroupBarrier();
  all = ${scratch}[0];
  for (var i = 1u; i < ${lanes / size}u; i++) { all = ${both}; }
  return all;
}`);
    return call(name, 'place, subgroup, ', dtype, value);
  };
}
