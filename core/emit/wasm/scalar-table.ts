/** How WebAssembly computes each scalar operation: the backend's column of the table in core/ir/scalar-ops.ts. */
import type { ScalarType } from '../../base/dtype.ts';
import { constant, type Expr, type OpExpr, op } from '../../ir/expr.ts';
import type { ScalarOp } from '../../ir/scalar-ops.ts';
import { atLeast, atMost } from '../expansions/build.ts';
import { floatExpansions, integerPow } from '../expansions/index.ts';
import { f32, f32x4, i32, i32Const, i32x4, localGet, localTee, v128 } from './opcodes.ts';

/** A function that is written by hand; see helpers.ts. */
export type WrittenHelper =
  | 'divideSigned'
  | 'divideUnsigned'
  | 'remainderSigned'
  | 'remainderUnsigned'
  | 'remainderFloat';

/** Operations that can be functions of the module instead of being written at each use; see functions.ts. */
export type OutlinedOp = Exclude<keyof typeof floatExpansions, 'isFinite' | 'rsqrt' | 'sign'>;

/** A function that a module needs besides instructions. */
export type Helper = WrittenHelper | { readonly op: OutlinedOp; readonly isVector: boolean };

/** What a row writes with: the operands of one operation, scalar or vector. */
export interface Operands {
  readonly expr: OpExpr;
  /** Puts operand number `position` on the stack. */
  push(position: number): void;
  /** Appends instructions. */
  emit(...bytes: readonly (readonly number[])[]): void;
  /** A local for a value of the operand's type. */
  temporary(type: 'i32' | 'f32' | 'v128'): number;
  /** Relaxed SIMD may be used. */
  readonly relaxed: boolean;
  /** Calls a function of the module. */
  help(helper: Helper): void;
}

/** Writes the operation; its value is left on the stack. */
export type Write = (operands: Operands) => void;

/** Scalar and vector form. Without a vector form, lanes are computed one by one. */
export interface Form {
  readonly scalar: Write;
  readonly vector: Write | null;
}

/** One row: another expression to compute instead, or how it is computed, by operand and result type. */
export interface WasmScalarOp {
  /** Where floats occur more often than this in a kernel, `form` computes them in spite of `expand`. */
  readonly timesWritten?: number;
  readonly expand?: (expr: OpExpr) => Expr | null;
  readonly form?: (operand: ScalarType, result: ScalarType) => Form;
}

type Bytes = readonly number[];

const pushAll = (o: Operands): void => {
  for (const position of o.expr.args.keys()) o.push(position);
};

/** Operands, then one instruction sequence. */
const plain =
  (...bytes: readonly Bytes[]): Write =>
  (o) => {
    pushAll(o);
    o.emit(...bytes);
  };

const form = (scalar: Bytes | Write, vector: Bytes | Write | null): Form => ({
  scalar: typeof scalar === 'function' ? scalar : plain(scalar),
  vector: vector === null || typeof vector === 'function' ? vector : plain(vector),
});

/** Chooses by operand type; uint32 falls back to int32, and bool to uint32. */
const byType = (rows: {
  float32?: Form;
  int32?: Form;
  uint32?: Form;
  bool?: Form;
}): WasmScalarOp => ({
  form: (operand) => {
    const integer = rows.int32;
    const found = {
      float32: rows.float32,
      int32: integer,
      uint32: rows.uint32 ?? integer,
      bool: rows.bool ?? rows.uint32 ?? integer,
    }[operand];
    return found ?? form(noSuchType, noSuchType);
  },
});

const noSuchType: Write = (o) => {
  throw new TypeError(`${o.expr.op} has no meaning for ${o.expr.args[0]?.dtype}`);
};

/** An expansion of floats; `integers` says what becomes of other types. */
const expandFloat = (
  name: keyof typeof floatExpansions,
  integers: (expr: OpExpr) => Expr | null = () => null,
): Required<Pick<WasmScalarOp, 'expand'>> => ({
  expand: (expr) => {
    const [x, y] = expr.args;
    if (x === undefined) return null;
    if (x.dtype !== 'float32') return integers(expr);
    const expansion: (x: Expr, y: Expr) => Expr = floatExpansions[name];
    return expansion(x, y ?? x);
  },
});

/** A float operation that can also be a function; `length` says whether it is one even if used once. */
function functionFloat(
  name: OutlinedOp,
  length: 'short' | 'long',
  integers?: (expr: OpExpr) => Expr | null,
): WasmScalarOp {
  const calling =
    (isVector: boolean): Write =>
    (o) => {
      pushAll(o);
      o.help({ op: name, isVector });
    };
  return {
    ...expandFloat(name, integers),
    form: () => ({ scalar: calling(false), vector: calling(true) }),
    timesWritten: length === 'long' ? 0 : 3,
  };
}

/** The larger or smaller of two scalars by a comparison. */
const pick =
  (comparison: Bytes): Write =>
  (o) => {
    const [a, b] = [o.temporary('i32'), o.temporary('i32')];
    o.push(0);
    o.emit(localTee(a));
    o.push(1);
    o.emit(localTee(b), localGet(a), localGet(b), comparison, [0x1b]);
  };

const compare = (names: {
  float: keyof typeof f32 & keyof typeof f32x4;
  signed: keyof typeof i32 & keyof typeof i32x4;
  unsigned: keyof typeof i32 & keyof typeof i32x4;
}): WasmScalarOp =>
  byType({
    float32: form(f32[names.float], f32x4[names.float]),
    int32: form(i32[names.signed], i32x4[names.signed]),
    uint32: form(i32[names.unsigned], i32x4[names.unsigned]),
  });

const isConstant = (expr: Expr | undefined, holds: (value: number) => boolean): boolean =>
  expr?.kind === 'const' && holds(expr.value);

/** An integer division: the bare instruction for a harmless constant, else a function that checks. */
const division =
  (instruction: Bytes, helper: Helper): Write =>
  (o) => {
    pushAll(o);
    if (isConstant(o.expr.args[1], (value) => value !== 0 && (value | 0) !== -1))
      o.emit(instruction);
    else o.help(helper);
  };

/** A shift; the hardware takes the amount modulo 32, and here it is 0 (or the sign) from 32 on. */
function shift(scalar: Bytes, vector: Bytes, keepsSign: boolean): WasmScalarOp {
  const isShort = (amount: Expr | undefined): boolean =>
    isConstant(amount, (value) => value >= 0 && value < 32);
  const writeScalar: Write = (o) => {
    const amount = o.temporary('i32');
    o.push(0);
    if (isShort(o.expr.args[1])) {
      o.push(1);
      o.emit(scalar);
    } else if (keepsSign) {
      // min(amount, 31) as unsigned
      o.push(1);
      o.emit(
        localTee(amount),
        i32Const(31),
        localGet(amount),
        i32Const(31),
        i32.ltU,
        [0x1b],
        scalar,
      );
    } else {
      o.push(1);
      o.emit(
        localTee(amount),
        scalar,
        i32Const(0),
        localGet(amount),
        i32Const(32),
        i32.ltU,
        [0x1b],
      );
    }
  };
  const writeVector: Write = (o) => {
    const amount = o.expr.args[1];
    o.push(0);
    o.emit(i32Const(amount?.kind === 'const' ? amount.value : 0), vector);
  };
  return {
    form: () => ({ scalar: writeScalar, vector: writeVector }),
    expand: (expr) => {
      const [value, amount] = expr.args;
      if (amount?.kind !== 'const' || isShort(amount) || value === undefined) return null;
      return keepsSign
        ? op(expr.op, [value, constant(31, amount.dtype)], expr.dtype)
        : constant(0, expr.dtype);
    },
  };
}

const convertForms: Record<ScalarType, Partial<Record<ScalarType, Form>>> = {
  float32: {
    int32: form(i32.truncSatS, i32x4.truncSatS),
    uint32: form(i32.truncSatU, i32x4.truncSatU),
    bool: form(plain([0x43, 0, 0, 0, 0], f32.ne), (o) => {
      o.push(0);
      o.emit(i32Const(0), i32x4.splat, f32x4.ne);
    }),
  },
  int32: {
    float32: form(f32.convertS, f32x4.convertS),
    bool: form(plain(i32Const(0), i32.ne), plain(i32Const(0), i32x4.splat, i32x4.ne)),
  },
  uint32: {
    float32: form(f32.convertU, f32x4.convertU),
    bool: form(plain(i32Const(0), i32.ne), plain(i32Const(0), i32x4.splat, i32x4.ne)),
  },
  bool: {
    float32: form(f32.convertU, plain(i32Const(0x3f800000), i32x4.splat, v128.and)),
    int32: form([], i32x4.neg),
    uint32: form([], i32x4.neg),
  },
};

const bitcast = (operand: ScalarType, result: ScalarType): Form => {
  if (operand === 'bool' && result !== 'bool')
    return form(result === 'float32' ? f32.reinterpret : [], i32x4.neg);
  if (operand === 'float32' && result !== 'float32') return form(i32.reinterpret, []);
  if (operand === 'float32') return nothing;
  return form(result === 'float32' ? f32.reinterpret : [], []);
};

/** `x > c ? c : x` and `x < c ? c : x` are single instructions, with the same treatment of NaN. */
function asBound({ args: [condition, yes, no] }: OpExpr): Bytes | null {
  if (condition?.kind !== 'op' || no?.dtype !== 'float32') return null;
  const [a, b] = condition.args;
  if (a !== no || b !== yes) return null;
  return condition.op === 'gt' ? f32x4.pmin : condition.op === 'lt' ? f32x4.pmax : null;
}

/** The larger or smaller of a float and a constant: a bound, where that treats zeros and NaN alike. */
const withBound =
  (name: 'max' | 'min') =>
  ({ args, dtype }: OpExpr): Expr | null => {
    const [limit, other] = args[0]?.kind === 'const' ? args : [args[1], args[0]];
    if (dtype !== 'float32' || limit?.kind !== 'const' || other === undefined) return null;
    const { value } = limit;
    if (Number.isNaN(value)) return null;
    // Of zeros of both signs a bound takes the operand.
    if (name === 'min') return Object.is(value, -0) ? null : atMost(other, value);
    const bounded = atLeast(other, value);
    return Object.is(value, 0) ? op('add', [bounded, limit]) : bounded;
  };

const select: Form = {
  scalar: (o) => {
    o.push(1);
    o.push(2);
    o.push(0);
    o.emit([0x1b]);
  },
  vector: (o) => {
    const bound = asBound(o.expr);
    if (bound !== null) {
      o.push(2);
      o.push(1);
      o.emit(bound);
      return;
    }
    o.push(1);
    o.push(2);
    o.push(0);
    o.emit(o.relaxed ? v128.laneselect : v128.bitselect);
  },
};

const mulAdd: Form = {
  scalar: (o) => {
    o.push(0);
    o.push(1);
    o.emit(f32.mul);
    o.push(2);
    o.emit(f32.add);
  },
  vector: (o) => {
    o.push(0);
    o.push(1);
    if (!o.relaxed) o.emit(f32x4.mul);
    o.push(2);
    o.emit(o.relaxed ? f32x4.relaxedMadd : f32x4.add);
  },
};

const absolute: Write = (o) => {
  const value = o.temporary('i32');
  o.emit(i32Const(0));
  o.push(0);
  o.emit(localTee(value), i32.sub, localGet(value), localGet(value), i32Const(0), i32.ltS, [0x1b]);
};

const negate: Form = form((o) => {
  o.emit(i32Const(0));
  o.push(0);
  o.emit(i32.sub);
}, i32x4.neg);

const integerSign = ({ args: [x], dtype }: OpExpr): Expr | null => {
  if (x === undefined) return null;
  const [zero, one] = [constant(0, dtype), constant(1, dtype)];
  const below = dtype === 'int32' ? constant(-1, dtype) : zero;
  return op('select', [op('gt', [x, zero]), one, op('select', [op('lt', [x, zero]), below, zero])]);
};

/** Whole numbers are their own floor. */
const unchanged = ({ args: [x] }: OpExpr): Expr | null =>
  x?.dtype === 'float32' ? null : (x ?? null);

const nothing: Form = form([], []);

/** Every scalar operation. Vectors of booleans are masks, all ones for true; scalars are 0 or 1. */
export const wasmScalarOps = {
  add: byType({
    float32: form(f32.add, f32x4.add),
    int32: form(i32.add, i32x4.add),
    bool: form(i32.or, v128.or),
  }),
  sub: byType({
    float32: form(f32.sub, f32x4.sub),
    int32: form(i32.sub, i32x4.sub),
    bool: form(i32.xor, v128.xor),
  }),
  mul: byType({
    float32: form(f32.mul, f32x4.mul),
    int32: form(i32.mul, i32x4.mul),
    bool: form(i32.and, v128.and),
  }),
  div: byType({
    float32: form(f32.div, f32x4.div),
    int32: form(division(i32.divS, 'divideSigned'), null),
    uint32: form(division(i32.divU, 'divideUnsigned'), null),
  }),
  rem: byType({
    float32: form((o) => {
      pushAll(o);
      o.help('remainderFloat');
    }, null),
    int32: form(division(i32.remS, 'remainderSigned'), null),
    uint32: form(division(i32.remU, 'remainderUnsigned'), null),
  }),
  pow: functionFloat('pow', 'long', ({ args: [x, y] }) =>
    x === undefined || y === undefined ? null : integerPow(x, y),
  ),
  atan2: functionFloat('atan2', 'short'),
  mulAdd: { form: () => mulAdd },
  max: {
    expand: withBound('max'),
    ...byType({
      float32: form(f32.max, f32x4.max),
      int32: form(pick(i32.gtS), i32x4.maxS),
      uint32: form(pick(i32.gtU), i32x4.maxU),
      bool: form(i32.or, v128.or),
    }),
  },
  min: {
    expand: withBound('min'),
    ...byType({
      float32: form(f32.min, f32x4.min),
      int32: form(pick(i32.ltS), i32x4.minS),
      uint32: form(pick(i32.ltU), i32x4.minU),
      bool: form(i32.and, v128.and),
    }),
  },
  neg: byType({ float32: form(f32.neg, f32x4.neg), int32: negate }),
  abs: byType({
    float32: form(f32.abs, f32x4.abs),
    int32: form(absolute, i32x4.abs),
    uint32: nothing,
    bool: nothing,
  }),
  sign: expandFloat('sign', integerSign),
  floor: { ...byType({ float32: form(f32.floor, f32x4.floor) }), expand: unchanged },
  ceil: { ...byType({ float32: form(f32.ceil, f32x4.ceil) }), expand: unchanged },
  round: { ...byType({ float32: form(f32.nearest, f32x4.nearest) }), expand: unchanged },
  sqrt: byType({ float32: form(f32.sqrt, f32x4.sqrt) }),
  rsqrt: expandFloat('rsqrt'),
  exp: functionFloat('exp', 'short'),
  expm1: functionFloat('expm1', 'short'),
  log: functionFloat('log', 'short'),
  log1p: functionFloat('log1p', 'short'),
  sin: functionFloat('sin', 'long'),
  cos: functionFloat('cos', 'long'),
  tan: functionFloat('tan', 'long'),
  asin: functionFloat('asin', 'short'),
  acos: functionFloat('acos', 'short'),
  atan: functionFloat('atan', 'short'),
  sinh: functionFloat('sinh', 'short'),
  cosh: functionFloat('cosh', 'short'),
  tanh: functionFloat('tanh', 'short'),
  asinh: functionFloat('asinh', 'long'),
  acosh: functionFloat('acosh', 'long'),
  atanh: functionFloat('atanh', 'short'),
  erf: functionFloat('erf', 'short'),
  erfc: functionFloat('erfc', 'long'),
  erfInv: functionFloat('erfInv', 'long'),
  logistic: functionFloat('logistic', 'short'),
  eq: compare({ float: 'eq', signed: 'eq', unsigned: 'eq' }),
  ne: compare({ float: 'ne', signed: 'ne', unsigned: 'ne' }),
  lt: compare({ float: 'lt', signed: 'ltS', unsigned: 'ltU' }),
  le: compare({ float: 'le', signed: 'leS', unsigned: 'leU' }),
  gt: compare({ float: 'gt', signed: 'gtS', unsigned: 'gtU' }),
  ge: compare({ float: 'ge', signed: 'geS', unsigned: 'geU' }),
  and: byType({ int32: form(i32.and, v128.and) }),
  or: byType({ int32: form(i32.or, v128.or) }),
  xor: byType({ int32: form(i32.xor, v128.xor) }),
  not: byType({
    int32: form(plain(i32Const(-1), i32.xor), v128.not),
    bool: form(i32.eqz, v128.not),
  }),
  shiftLeft: shift(i32.shl, i32x4.shl, false),
  shiftRightLogical: shift(i32.shrU, i32x4.shrU, false),
  shiftRightArithmetic: shift(i32.shrS, i32x4.shrS, true),
  populationCount: byType({
    int32: form(i32.popcnt, plain(i32x4.popcntBytes, i32x4.extaddU8, i32x4.extaddU16)),
  }),
  countLeadingZeros: byType({ int32: form(i32.clz, null) }),
  roundBfloat16: expandFloat('roundBfloat16'),
  roundFloat16: expandFloat('roundFloat16'),
  isFinite: expandFloat('isFinite', () => constant(1, 'bool')),
  select: { form: () => select },
  convert: { form: (operand, result) => convertForms[operand][result] ?? nothing },
  bitcast: { form: bitcast },
} satisfies Record<ScalarOp, WasmScalarOp>;

/** The row of an operation. */
export const wasmScalarOp = (name: ScalarOp): WasmScalarOp => wasmScalarOps[name];

/** True if the vector form exists for these operands, so that four lanes cost about one instruction. */
export function hasVectorForm(expr: OpExpr): boolean {
  const [first, second] = expr.args;
  if (expr.op.startsWith('shift')) return second?.kind === 'const';
  const last = expr.args[expr.args.length - 1] ?? first;
  return (
    last !== undefined &&
    wasmScalarOp(expr.op).form?.(operandType(expr), expr.dtype).vector !== null
  );
}

/** The type that chooses the form: of the last operand. */
export const operandType = (expr: OpExpr): ScalarType =>
  expr.args[expr.args.length - 1]?.dtype ?? expr.dtype;
