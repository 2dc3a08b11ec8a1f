/**
 * WebAssembly instructions as byte sequences.
 *
 * @see https://webassembly.github.io/spec/core/binary/instructions.html
 */
import { float32Bytes, float64Bytes, signed, unsigned } from './bytes.ts';

/** Types of locals, parameters and results. */
export type ValueType = 'i32' | 'f32' | 'f64' | 'v128';

/** The binary code of a value type. */
export const typeCodes = { i32: 0x7f, f32: 0x7d, f64: 0x7c, v128: 0x7b } as const;

/** A vector instruction: the SIMD prefix and its number. */
const simd = (number: number): number[] => [0xfd, ...unsigned(number)];
const saturating = (number: number): number[] => [0xfc, number];

/** Control flow. Blocks without a result. */
export const control = {
  block: [0x02, 0x40],
  loop: [0x03, 0x40],
  if: [0x04, 0x40],
  else: [0x05],
  end: [0x0b],
  return: [0x0f],
  drop: [0x1a],
  select: [0x1b],
} as const;

/** Jumps out of (or back to the start of) the enclosing block number `depth`. */
export const branch = (depth: number): number[] => [0x0c, ...unsigned(depth)];
/** {@link branch} if the i32 on the stack is not 0. */
export const branchIf = (depth: number): number[] => [0x0d, ...unsigned(depth)];
/** Calls a function. */
export const call = (index: number): number[] => [0x10, ...unsigned(index)];
/** Pushes a local. */
export const localGet = (local: number): number[] => [0x20, ...unsigned(local)];
/** Pops into a local. */
export const localSet = (local: number): number[] => [0x21, ...unsigned(local)];
/** Copies the top of the stack into a local. */
export const localTee = (local: number): number[] => [0x22, ...unsigned(local)];
/** Pushes an i32. */
export const i32Const = (value: number): number[] => [0x41, ...signed(value)];
/** Pushes an f32. */
export const f32Const = (value: number): number[] => [0x43, ...float32Bytes(value)];
/** Pushes an f64. */
export const f64Const = (value: number): number[] => [0x44, ...float64Bytes(value)];

/** Alignment 4 bytes and a constant offset, unsigned. */
const memory = (offset: number): number[] => [2, ...unsigned(offset)];
/** The same without a promise of alignment. */
const anywhere = (offset: number): number[] => [0, ...unsigned(offset)];
/** Loads a byte or a pair of bytes as an i32. */
export const i32LoadNarrow = {
  signed8: (offset = 0): number[] => [0x2c, ...anywhere(offset)],
  unsigned8: (offset = 0): number[] => [0x2d, ...anywhere(offset)],
  signed16: (offset = 0): number[] => [0x2e, ...anywhere(offset)],
  unsigned16: (offset = 0): number[] => [0x2f, ...anywhere(offset)],
} as const;
/** Stores the low byte of an i32. */
export const i32Store8 = (offset = 0): number[] => [0x3a, ...anywhere(offset)];
/** Stores the low two bytes of an i32. */
export const i32Store16 = (offset = 0): number[] => [0x3b, ...anywhere(offset)];
/** Loads four pairs of bytes as i32 lanes. */
export const v128Load16x4 = (isSigned: boolean, offset = 0): number[] => [
  ...simd(isSigned ? 3 : 4),
  ...anywhere(offset),
];
/** Stores the lowest 32 or 64 bits of a vector. */
export const v128StoreLow = (bytes: 4 | 8, offset = 0): number[] => [
  ...simd(bytes === 4 ? 90 : 91),
  ...anywhere(offset),
  0,
];
/** Stores the upper half of a vector. */
export const v128StoreHigh = (offset = 0): number[] => [...simd(91), ...memory(offset), 1];
/** Loads an i32. */
export const i32Load = (offset = 0): number[] => [0x28, ...memory(offset)];
/** Loads an f32. */
export const f32Load = (offset = 0): number[] => [0x2a, ...memory(offset)];
/** Stores an i32. */
export const i32Store = (offset = 0): number[] => [0x36, ...memory(offset)];
/** Stores an f32. */
export const f32Store = (offset = 0): number[] => [0x38, ...memory(offset)];
/** Loads four lanes. */
export const v128Load = (offset = 0): number[] => [...simd(0), ...memory(offset)];
/** Loads one lane into all four. */
export const v128Load32Splat = (offset = 0): number[] => [...simd(9), ...memory(offset)];
/** Loads one lane; the others are 0. */
export const v128Load32Zero = (offset = 0): number[] => [...simd(92), ...memory(offset)];
/** Stores four lanes. */
export const v128Store = (offset = 0): number[] => [...simd(11), ...memory(offset)];
/** Loads one lane, keeping the others. */
export const v128Load32Lane = (lane: number, offset = 0): number[] => [
  ...simd(86),
  ...memory(offset),
  lane,
];
/** Fills memory with a byte: address, byte and count are on the stack. */
export const memoryFill: readonly number[] = [...saturating(11), 0];
/** Pushes four i32 lanes. */
export const v128Const = (lanes: readonly number[]): number[] => [
  ...simd(12),
  ...lanes.flatMap((lane) => [lane, lane >> 8, lane >> 16, lane >> 24].map((b) => b & 0xff)),
];
/** Chooses four 32-bit lanes out of eight. */
export const shuffle32 = (lanes: readonly number[]): number[] => [
  ...simd(13),
  ...lanes.flatMap((lane) => [0, 1, 2, 3].map((byte) => lane * 4 + byte)),
];
/** One lane as i32. */
export const i32x4Extract = (lane: number): number[] => [...simd(27), lane];
/** Replaces one lane by an i32. */
export const i32x4Replace = (lane: number): number[] => [...simd(28), lane];
/** One lane as f32. */
export const f32x4Extract = (lane: number): number[] => [...simd(31), lane];
/** Replaces one lane by an f32. */
export const f32x4Replace = (lane: number): number[] => [...simd(32), lane];

/** Instructions on 32-bit integers. */
export const i32 = {
  eqz: [0x45],
  eq: [0x46],
  ne: [0x47],
  ltS: [0x48],
  ltU: [0x49],
  gtS: [0x4a],
  gtU: [0x4b],
  leS: [0x4c],
  leU: [0x4d],
  geS: [0x4e],
  geU: [0x4f],
  clz: [0x67],
  popcnt: [0x69],
  add: [0x6a],
  sub: [0x6b],
  mul: [0x6c],
  divS: [0x6d],
  divU: [0x6e],
  remS: [0x6f],
  remU: [0x70],
  and: [0x71],
  or: [0x72],
  xor: [0x73],
  shl: [0x74],
  shrS: [0x75],
  shrU: [0x76],
  truncSatS: saturating(0),
  truncSatU: saturating(1),
  reinterpret: [0xbc],
} as const;

/** Instructions on 32-bit floats. */
export const f32 = {
  eq: [0x5b],
  ne: [0x5c],
  lt: [0x5d],
  gt: [0x5e],
  le: [0x5f],
  ge: [0x60],
  abs: [0x8b],
  neg: [0x8c],
  ceil: [0x8d],
  floor: [0x8e],
  nearest: [0x90],
  sqrt: [0x91],
  add: [0x92],
  sub: [0x93],
  mul: [0x94],
  div: [0x95],
  min: [0x96],
  max: [0x97],
  copysign: [0x98],
  convertS: [0xb2],
  convertU: [0xb3],
  demote: [0xb6],
  reinterpret: [0xbe],
} as const;

/** Instructions on 64-bit floats, for the exact remainder. */
export const f64 = {
  eq: [0x61],
  ne: [0x62],
  lt: [0x63],
  ge: [0x66],
  abs: [0x99],
  trunc: [0x9d],
  sub: [0xa1],
  mul: [0xa2],
  div: [0xa3],
  promote: [0xbb],
} as const;

/** Instructions on whole vectors of bits. */
export const v128 = {
  not: simd(77),
  and: simd(78),
  andnot: simd(79),
  or: simd(80),
  xor: simd(81),
  bitselect: simd(82),
  anyTrue: simd(83),
  /** Like bitselect where the mask is all ones or all zeros in each lane; part of relaxed SIMD. */
  laneselect: simd(0x10b),
} as const;

/** Instructions on four 32-bit integers. */
export const i32x4 = {
  splat: simd(17),
  eq: simd(55),
  ne: simd(56),
  ltS: simd(57),
  ltU: simd(58),
  gtS: simd(59),
  gtU: simd(60),
  leS: simd(61),
  leU: simd(62),
  geS: simd(63),
  geU: simd(64),
  abs: simd(160),
  neg: simd(161),
  allTrue: simd(163),
  shl: simd(171),
  shrS: simd(172),
  shrU: simd(173),
  add: simd(174),
  sub: simd(177),
  mul: simd(181),
  minS: simd(182),
  minU: simd(183),
  maxS: simd(184),
  maxU: simd(185),
  truncSatS: simd(248),
  truncSatU: simd(249),
  /** Sums of neighbouring pairs, for counting bits: bytes → shorts → words. */
  extaddU16: simd(127),
  extaddU8: simd(125),
  popcntBytes: simd(98),
} as const;

/** Instructions between vectors of bytes, pairs of bytes and words; the lower half is widened. */
export const widths = {
  widenBytesS: simd(135),
  widenBytesU: simd(137),
  widenPairsS: simd(167),
  widenPairsU: simd(169),
  /** Words to pairs of bytes, saturating to 0 … 65535. */
  narrowWords: simd(134),
  /** Pairs of bytes to bytes, saturating to 0 … 255. */
  narrowPairs: simd(102),
} as const;

/** Instructions on four 32-bit floats. */
export const f32x4 = {
  splat: simd(19),
  eq: simd(65),
  ne: simd(66),
  lt: simd(67),
  gt: simd(68),
  le: simd(69),
  ge: simd(70),
  ceil: simd(103),
  floor: simd(104),
  nearest: simd(106),
  abs: simd(224),
  neg: simd(225),
  sqrt: simd(227),
  add: simd(228),
  sub: simd(229),
  mul: simd(230),
  div: simd(231),
  min: simd(232),
  max: simd(233),
  convertS: simd(250),
  convertU: simd(251),
  /** b < a ? b : a, one instruction on every processor. */
  pmin: simd(234),
  /** a < b ? b : a. */
  pmax: simd(235),
  /** a·b + c, fused or not; a proposal that hosts may lack. */
  relaxedMadd: simd(0x105),
} as const;
