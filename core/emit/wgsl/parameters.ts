/** What kernels are tuned by: one record per class of devices, and nothing about devices anywhere else. */

import type { SplitProducts } from '../../compile/split-product.ts';
import { type FragmentFacts, type FragmentParameters, fragmentsFor } from './fragment-choice.ts';

/** Kinds of GPUs that want different kernels. */
export type DeviceClass =
  | 'generic'
  | 'software'
  | 'nvidia'
  | 'amd'
  | 'intel'
  | 'apple'
  | 'qualcomm';

/**
 * How the lanes of a workgroup combine their values: by a tree in workgroup memory, within subgroups and
 * then across them, or, if a workgroup is one subgroup, within it alone.
 */
export type Sharing = 'tree' | 'subgroups' | 'subgroup';

/** Parameters of loop kernels. */
export interface LoopParameters {
  /** Invocations of a workgroup whose invocations run iterations by themselves. */
  readonly lanes: number;
  /** Workgroups at most, each of which then loops over a share of the iterations; null: as many as it takes. */
  readonly maxWorkgroups: number | null;
  /** Whether the driver is kept from unrolling loops, because it compiles what it unrolls for long. */
  readonly hidesTripCounts: boolean;
  /** Four neighbours are computed in one iteration if that makes no more expressions than this; 0: never. */
  readonly maxWideNodes: number;
  /** Iterations, and elements that they touch together, below which no four of them are made one. */
  readonly minWideIterations: number;
  readonly minWideElements: number;
  /** Reductions shorter than this are not shared among the lanes of a workgroup. */
  readonly shortReduction: number;
  /** With fewer iterations than this, each is shared among the lanes of a workgroup. */
  readonly fewIterations: number;
  readonly sharing: Sharing;
  /** Invocations of a workgroup that share an iteration. */
  readonly sharedLanes: number;
  /** Invocations of a subgroup, if all have the same number; 1 where that is not known. */
  readonly subgroupSize: number;
}

/** Parameters of one tiled kernel for matrix products. */
export interface MatmulTile {
  /**
   * `workgroup`: a workgroup stages a tile of each operand in its memory. `registers`: every invocation
   * reads operands by itself, with rows that are the same for the whole workgroup (for software adapters,
   * where workgroup memory is slow). `subgroup`: likewise, but a workgroup is one subgroup whose lanes load
   * the left operand together and hand it around.
   */
  readonly memory: 'workgroup' | 'registers' | 'subgroup';
  /** Invocations of a workgroup along rows and columns; one along rows where they stage nothing. */
  readonly threads: readonly [rows: number, columns: number];
  /** Outputs of one invocation; columns a multiple of four. */
  readonly outputs: readonly [rows: number, columns: number];
  /** Steps along the sum per staged tile, a multiple of four; 1 where nothing is staged. */
  readonly depth: number;
}

/** Parameters of the kernel for products of few rows, whose lanes compute four columns of all rows each. */
export interface FewRows {
  readonly memory: 'lanes';
  /** Products of more rows, or columns, get tiles. */
  readonly rows: number;
  /** Invocations of a workgroup. */
  readonly lanes: number;
  /**
   * Of these, how many share four columns at most, each with a part of the sum: where the right operand is contiguous
   * along the sum, and where it is along its columns. All are powers of two.
   */
  readonly partsAlongSum: number;
  readonly partsAcrossSum: number;
  /** Invocations of a subgroup, if all have the same number: they exchange what they have; 1: not known. */
  readonly subgroupSize: number;
}

/** Which kernel a matrix product gets. */
export interface MatmulParameters {
  /** Products with shorter sums than this are loops, and those with few rows and no more columns than this. */
  readonly skinny: number;
  /** The kernel of products of few rows, or columns. */
  readonly fewRows: FewRows;
  /** Tiles for products of somewhat more rows, or columns: the first that holds all of them is taken. */
  readonly narrow: readonly MatmulTile[];
  readonly small: MatmulTile;
  readonly large: MatmulTile;
  /** Outputs from which on large tiles leave workgroups enough. */
  readonly manyOutputs: number;
  /** Rows and columns from which on large tiles waste little. */
  readonly largeSide: number;
  /** When long sums are cut into partial ones, to have more workgroups; null: never. */
  readonly split: SplitProducts | null;
  /** Products by the hardware's own small matrices; null: none. */
  readonly fragments: FragmentParameters | null;
}

/** All that the generator of kernels is told about a device. */
export interface KernelParameters {
  readonly loop: LoopParameters;
  readonly matmul: MatmulParameters;
  /** Whether arrays of float16 are arrays of WGSL's `f16`, which the device must know, instead of words of two. */
  readonly nativeHalves: boolean;
}

/** 32 × 32 outputs by 64 invocations. */
export const mediumTile: MatmulTile = {
  memory: 'workgroup',
  threads: [8, 8],
  outputs: [4, 4],
  depth: 16,
};
/** 64 × 64 outputs by 64 invocations, where there are outputs enough to fill a GPU. */
export const largeTile: MatmulTile = { ...mediumTile, outputs: [8, 8] };
/** 32 × 32 outputs by 128 invocations: more of them hide the time that memory takes. */
export const busyTile: MatmulTile = { ...mediumTile, threads: [16, 8], outputs: [2, 4] };
/** 8 × 128 and 16 × 64 outputs by 64 invocations. */
export const narrowTiles: readonly MatmulTile[] = [
  { ...mediumTile, threads: [2, 32] },
  { ...mediumTile, threads: [4, 16] },
];
/** Eight lanes, as wide as a software adapter's vectors. */
export const softwareTile: MatmulTile = {
  memory: 'registers',
  threads: [1, 8],
  outputs: [8, 4],
  depth: 1,
};
/** Faster in the end, but twice as long to compile. */
export const largeSoftwareTile: MatmulTile = { ...softwareTile, outputs: [8, 8] };

/** Tiles of one subgroup of a software adapter: half the time of those without, and no longer to compile. */
const subgroupTiles = (subgroupSize: number): Partial<MatmulParameters> => {
  const small: MatmulTile = { ...softwareTile, memory: 'subgroup', threads: [1, subgroupSize] };
  const large: MatmulTile = { ...small, outputs: [16, 4] };
  return { small, large, narrow: [small, large], manyOutputs: 4096, largeSide: 17 };
};

const generic: KernelParameters = {
  loop: {
    lanes: 64,
    maxWorkgroups: null,
    hidesTripCounts: false,
    maxWideNodes: 400,
    minWideIterations: 16_384,
    minWideElements: 16_384,
    shortReduction: 32,
    fewIterations: 2048,
    sharing: 'tree',
    sharedLanes: 64,
    subgroupSize: 1,
  },
  matmul: {
    skinny: 8,
    fewRows: {
      memory: 'lanes',
      rows: 4,
      lanes: 64,
      partsAlongSum: 32,
      partsAcrossSum: 8,
      subgroupSize: 1,
    },
    narrow: narrowTiles,
    small: mediumTile,
    large: largeTile,
    manyOutputs: 1024 * 1024,
    largeSide: 64,
    // 128 workgroups: of medium tiles, and of the kernel for few rows with 32 columns each.
    split: { outputs: 128 * 1024, terms: 256, fewRows: { rows: 4, columns: 4096 } },
    fragments: null,
  },
  nativeHalves: false,
};

const wide = (lanes: number, sharedLanes: number): KernelParameters => ({
  ...generic,
  loop: { ...generic.loop, lanes, sharedLanes },
});

const nvidia = wide(256, 128);

/** The parameters of each class. Those of real GPUs follow published measurements. */
export const parametersOf: Readonly<Record<DeviceClass, KernelParameters>> = {
  generic,
  nvidia: {
    ...nvidia,
    matmul: {
      ...nvidia.matmul,
      small: busyTile,
      fewRows: { ...nvidia.matmul.fewRows, lanes: 128, partsAcrossSum: 16 },
    },
  },
  amd: wide(64, 128),
  intel: generic,
  apple: wide(256, 128),
  qualcomm: generic,
  // Lanes are one thread's vector registers: nothing is gained from workgroup memory, and much lost.
  software: {
    ...generic,
    loop: {
      ...generic.loop,
      // Launching a workgroup costs more than what it computes in one iteration.
      lanes: 8,
      maxWorkgroups: 64,
      hidesTripCounts: true,
      minWideIterations: 32,
      minWideElements: 4096,
      shortReduction: 16,
      fewIterations: 16,
    },
    matmul: {
      skinny: 8,
      fewRows: {
        memory: 'lanes',
        rows: 4,
        lanes: 8,
        partsAlongSum: 1,
        partsAcrossSum: 1,
        subgroupSize: 1,
      },
      narrow: [softwareTile],
      small: softwareTile,
      large: largeSoftwareTile,
      manyOutputs: 64 * 1024,
      largeSide: 64,
      split: null,
      fragments: null,
    },
  },
};

/** What an adapter says of itself. */
export interface AdapterFacts {
  readonly vendor: string;
  readonly architecture: string;
  readonly description: string;
  /** Invocations of a subgroup, at least and at most; absent where subgroups cannot be used. */
  readonly subgroupSizes?: readonly [least: number, most: number];
  /** True if it knows `f16`. */
  readonly hasHalves?: boolean;
  /** Its fragments of matrices; absent where there are none. */
  readonly fragments?: Omit<FragmentFacts, 'subgroupSizes'>;
}

const vendors: readonly (readonly [RegExp, DeviceClass])[] = [
  [/nvidia|geforce|10de/i, 'nvidia'],
  [/amd|radeon|1002/i, 'amd'],
  [/intel|8086/i, 'intel'],
  [/apple|106b/i, 'apple'],
  [/qualcomm|adreno|5143/i, 'qualcomm'],
];

/** The class of devices that an adapter belongs to. */
export function classOf({ vendor, architecture, description }: AdapterFacts): DeviceClass {
  const isSoftware = /llvmpipe|swiftshader/i.test(`${architecture} ${description}`);
  if (architecture === 'software' || isSoftware) return 'software';
  const known = vendors.find(([name]) => name.test(vendor) || name.test(description));
  return known?.[1] ?? 'generic';
}

/** The parameters for an adapter: its class's, with subgroups used where all are of one size, `f16` and fragments. */
export function parametersFor(adapter: AdapterFacts): KernelParameters {
  const name = classOf(adapter);
  const ofClass = { ...parametersOf[name], nativeHalves: adapter.hasHalves === true };
  const parameters = withFragments(ofClass, name, adapter);
  const [least, most] = adapter.subgroupSizes ?? [0, 0];
  if (least === 0 || least !== most) return parameters;
  const shared = { subgroupSize: least };
  const { loop, matmul } = parameters;
  const fewRows = {
    ...matmul.fewRows,
    subgroupSize: matmul.fewRows.lanes % least === 0 ? least : 1,
  };
  if (name !== 'software') {
    return {
      ...parameters,
      loop: { ...loop, ...shared, sharing: 'subgroups' },
      matmul: { ...matmul, fewRows },
    };
  }
  // Lanes take turns at rows, so that there may be no more of them than rows.
  const tiles = 8 % least === 0 ? subgroupTiles(least) : {};
  return {
    ...parameters,
    loop: { ...loop, ...shared, sharing: 'subgroup', sharedLanes: least },
    matmul: { ...matmul, ...tiles, fewRows },
  };
}

/** On a processor fragments are loops like any others, and tiles in registers are faster. */
function withFragments(
  parameters: KernelParameters,
  name: DeviceClass,
  { fragments, subgroupSizes }: AdapterFacts,
): KernelParameters {
  if (fragments === undefined || subgroupSizes === undefined || name === 'software') {
    return parameters;
  }
  // Apple's memory has no banks that rows would have to be kept apart in.
  const padding = name === 'apple' ? 0 : 8;
  const chosen = fragmentsFor({ ...fragments, subgroupSizes }, padding);
  return { ...parameters, matmul: { ...parameters.matmul, fragments: chosen } };
}
