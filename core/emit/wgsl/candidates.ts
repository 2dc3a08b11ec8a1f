/** Ways of emitting a kernel that are worth measuring against each other, within what a device allows. */
import type { Kernel, MatmulKernel } from '../../compile/kernel.ts';
import type { WgslOptions } from './emit.ts';
import { type LoopParameters, type MatmulTile, parametersOf } from './parameters.ts';

/** One way of emitting a kernel. */
export interface Candidate {
  /** Says what it does; the same on every machine. */
  readonly name: string;
  /** What the generator is told beyond what it would choose by itself. */
  readonly options: Pick<WgslOptions, 'loopStyle' | 'matmul' | 'parameters'>;
}

/** What a device allows a workgroup. */
export type GroupLimits = Pick<
  GPUSupportedLimits,
  'maxComputeWorkgroupStorageSize' | 'maxComputeInvocationsPerWorkgroup'
>;

/** What the generator does by itself. */
export const defaultCandidate: Candidate = { name: 'default', options: {} };

const tile = (
  memory: MatmulTile['memory'],
  threads: MatmulTile['threads'],
  outputs: MatmulTile['outputs'],
  depth: number,
): MatmulTile => ({ memory, threads, outputs, depth });

/** Those that most often win come first, since time for measuring may run out. */
const stagedTiles: readonly MatmulTile[] = [
  tile('workgroup', [8, 8], [4, 4], 16),
  tile('workgroup', [8, 8], [8, 8], 16),
  tile('workgroup', [16, 16], [8, 8], 8),
  tile('workgroup', [16, 8], [4, 4], 16),
  tile('workgroup', [8, 8], [4, 4], 32),
  tile('workgroup', [8, 8], [8, 4], 16),
  tile('workgroup', [16, 8], [8, 4], 16),
  tile('workgroup', [16, 16], [4, 4], 16),
  tile('workgroup', [16, 8], [8, 8], 8),
  tile('workgroup', [16, 16], [8, 8], 16),
  tile('workgroup', [8, 8], [4, 4], 8),
  tile('workgroup', [8, 8], [8, 8], 8),
  tile('workgroup', [8, 8], [8, 8], 32),
];
const registerTiles: readonly MatmulTile[] = [
  tile('registers', [1, 8], [8, 4], 1),
  tile('registers', [1, 8], [8, 8], 1),
  tile('registers', [1, 64], [4, 4], 1),
  tile('registers', [1, 32], [8, 4], 1),
];

/** Rows, columns or terms up to which a product may be faster as a loop. */
const fewForLoop = 32;
/** Tiles that would be wider than this and than the product are left out. */
const narrow = 32;
/** Powers of two, as the tree of sums wants them. */
const laneCounts: readonly number[] = [64, 128, 256, 32];
const wordBytes = 4;

/** The ways of emitting this kernel that this device can run, the generator's own first. */
export function candidatesFor(
  kernel: Kernel,
  options: WgslOptions,
  limits: GroupLimits,
): readonly Candidate[] {
  return [defaultCandidate, ...alternatives(kernel, options, limits)];
}

function alternatives(
  kernel: Kernel,
  options: WgslOptions,
  limits: GroupLimits,
): readonly Candidate[] {
  if (kernel.kind !== 'matmul') return loopCandidates(options, limits);
  // What is forced stays as it is.
  if (options.matmul !== undefined) return [];
  const { parameters = parametersOf.generic } = options;
  const staged = parameters.matmul.small.memory === 'workgroup';
  const { small, large, narrow: narrowOnes } = parameters.matmul;
  const others = staged ? [...stagedTiles, ...registerTiles] : [...registerTiles, ...stagedTiles];
  const tiles = [large, small, ...narrowOnes, ...others].filter(
    (one) => isAllowed(one, limits) && isSuitable(one, kernel),
  );
  const byName = new Map(tiles.map((one) => [describeTile(one), one]));
  const tiled = [...byName].map(([name, one]): Candidate => ({ name, options: { matmul: one } }));
  const { rows, columns, depth } = kernel;
  if (Math.min(rows.extent, columns.extent, depth) > fewForLoop) return tiled;
  const loops = loopCandidates(options, limits).map(
    ({ name, options: loop }): Candidate => ({
      name: `loop ${name}`,
      options: { ...loop, matmul: 'loop' },
    }),
  );
  return [...loops, ...tiled];
}

const sizeOfTile = ({ threads, outputs }: MatmulTile): readonly [number, number] => [
  threads[0] * outputs[0],
  threads[1] * outputs[1],
];

function isAllowed(one: MatmulTile, limits: GroupLimits): boolean {
  const [rows, columns] = sizeOfTile(one);
  const staged = one.memory === 'workgroup' ? (rows + columns) * one.depth * wordBytes : 0;
  return (
    one.threads[0] * one.threads[1] <= limits.maxComputeInvocationsPerWorkgroup &&
    staged <= limits.maxComputeWorkgroupStorageSize
  );
}

/** True if the product fills more than half of the tile each way, or the tile is small anyway. */
function isSuitable(one: MatmulTile, { rows, columns }: MatmulKernel): boolean {
  const [tileRows, tileColumns] = sizeOfTile(one);
  const fills = (size: number, extent: number): boolean => size <= Math.max(narrow, 2 * extent - 1);
  return fills(tileRows, rows.extent) && fills(tileColumns, columns.extent);
}

const describeTile = ({ memory, threads, outputs, depth }: MatmulTile): string =>
  `${memory} ${threads.join('×')} of ${outputs.join('×')} by ${depth}`;

function loopCandidates(options: WgslOptions, limits: GroupLimits): readonly Candidate[] {
  if (options.loopStyle !== undefined) return [];
  const { parameters = parametersOf.generic } = options;
  const most = limits.maxComputeInvocationsPerWorkgroup;
  const { subgroupSize, lanes } = parameters.loop;
  const made = (
    name: string,
    loopStyle: 'invocation' | 'workgroup',
    change: Partial<LoopParameters>,
  ): Candidate => ({
    name,
    options: {
      loopStyle,
      parameters: { ...parameters, loop: { ...parameters.loop, ...change } },
    },
  });
  const allowed = laneCounts.filter((count) => count <= most);
  const whole = subgroupSize === 1 ? [] : allowed.filter((count) => isWhole(count, subgroupSize));
  return [
    ...whole.map((sharedLanes) =>
      made(`subgroups of ${sharedLanes}`, 'workgroup', { sharing: 'subgroups', sharedLanes }),
    ),
    ...(subgroupSize === 1
      ? []
      : [made('one subgroup', 'workgroup', { sharing: 'subgroup', sharedLanes: subgroupSize })]),
    ...[...new Set([lanes, ...allowed])].map((count) =>
      made(`alone in ${count}`, 'invocation', { lanes: count }),
    ),
    ...allowed.map((sharedLanes) =>
      made(`tree of ${sharedLanes}`, 'workgroup', { sharing: 'tree', sharedLanes }),
    ),
  ];
}

/** True for several whole subgroups. */
const isWhole = (lanes: number, subgroupSize: number): boolean =>
  lanes > subgroupSize && lanes % subgroupSize === 0;
