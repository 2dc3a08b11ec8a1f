/**
 * Attention that never stores all scores: keys and values come in blocks, and what was mixed so far is
 * rescaled when a greater score turns up. The backward pass computes the scores again, block by block.
 *
 * @see Milakov and Gimelshein 2018, https://arxiv.org/abs/1805.02867; Dao et al. 2022,
 *   https://arxiv.org/abs/2205.14135.
 */
import type { Value } from '../core/ir/value.ts';
import * as np from '../core/numpy/index.ts';
import { customVjp } from '../transforms/control/custom-vjp.ts';
import { scan } from '../transforms/control/scan.ts';

/** Options of {@link tiledAttention}. */
export interface TiledAttentionOptions {
  /** f32[batch | 1, heads | 1, queries | 1, keys | 1], added to the scores. */
  readonly bias?: Value | null;
  /** bool[batch | 1, heads | 1, queries | 1, keys | 1]; true where attention is allowed. */
  readonly mask?: Value | null;
  /** Factor of the scores. Default: 1 / √dim. */
  readonly scale?: number;
  /** Query i attends to keys 0 … i only. */
  readonly isCausal?: boolean;
  /** Keys that are looked at together. Default: 256. */
  readonly blockSize?: number;
}

/** Stands for the score of what is masked, as in JAX: a row without any key attends to all evenly. */
export const masked = Math.fround(-0.7 * 3.4028234663852886e38);
/** From so many keys on, or so many bytes of scores, tiles are the better choice. */
const manyKeys = 1024;
const manyBytes = 64 * 2 ** 20;
/** Parts that the queries of causal attention are cut into, at most. */
const mostParts = 8;

/** True where {@link tiledAttention} takes less memory and no more time than storing the scores. */
export const prefersTiles = (
  batch: number,
  heads: number,
  queries: number,
  keys: number,
): boolean => keys >= manyKeys || 4 * batch * heads * queries * keys > manyBytes;

/** What does not change from block to block. */
interface Layout {
  readonly keys: number;
  readonly groups: number;
  readonly block: number;
  readonly isCausal: boolean;
  /** Position of the first of the queries. */
  readonly first: number;
}

/** Operands with heads in front; `heads` are those of keys, `groups` the query heads of each. */
interface Operands {
  /** f32[batch, heads, groups, queries, dim], scaled. */
  readonly query: Value;
  /** f32[blocks, batch, heads, block, dim]. */
  readonly key: Value;
  /** f32[blocks, batch, heads, block, dim]. */
  readonly value: Value;
  /** f32[blocks, batch | 1, heads | 1, groups | 1, queries | 1, block], or all but the blocks if alike for all. */
  readonly bias: Pieces;
  readonly mask: Pieces;
}

/** Something that is cut along the keys, that is alike for all of them, or that is not there. */
type Pieces = { readonly cut: Value | null; readonly whole: Value | null };

/** One turn's slices. */
interface Slices {
  readonly start: Value;
  readonly key: Value;
  readonly value: Value;
  readonly bias: Value | null;
  readonly mask: Value | null;
}

/** What the forward pass leaves: f32[batch, heads, groups, queries, dim] and without dim. */
interface Mixed {
  readonly out: Value;
  readonly greatest: Value;
  readonly total: Value;
}

const size = (x: Value, axis: number): number => x.shape.at(axis) ?? 1;
const ceilDiv = (a: number, b: number): number => Math.ceil(a / b);

/** x[…, keys, …] as blocks in front: zeros fill the last one. */
function inBlocks(x: Value, axis: number, block: number): Value {
  const count = ceilDiv(size(x, axis), block);
  const missing = count * block - size(x, axis);
  const padded =
    missing === 0
      ? x
      : np.pad(
          x,
          x.shape.map((_, i) => [0, i === axis ? missing : 0] as const),
        );
  const cut = np.reshape(padded, x.shape.toSpliced(axis, 1, count, block));
  return np.moveaxis(cut, axis, 0);
}

/** The inverse of {@link inBlocks}. */
function joined(x: Value, axis: number, length: number): Value {
  const moved = np.moveaxis(x, 0, axis);
  const whole = np.reshape(
    moved,
    moved.shape.toSpliced(axis, 2, size(moved, axis) * size(moved, axis + 1)),
  );
  return whole.get(...whole.shape.map((_, i) => np.slice(0, i === axis ? length : null)));
}

/** [batch | 1, heads · groups | 1, queries | 1, keys | 1] with heads and groups apart. */
function withGroups(x: Value, groups: number): Value {
  const [batch = 1, heads = 1, queries = 1, keys = 1] = x.shape;
  const apart = heads === 1 ? [1, 1] : [heads / groups, groups];
  return np.reshape(x, [batch, ...apart, queries, keys]);
}

function piecesOf(x: Value | null, { groups, block, keys }: Layout): Pieces {
  if (x === null) return { cut: null, whole: null };
  const apart = withGroups(x, groups);
  const isWhole = size(x, 3) === 1 && keys > 1;
  return isWhole ? { cut: null, whole: apart } : { cut: inBlocks(apart, 4, block), whole: null };
}

/** Scores of one block, f32[batch, heads, groups, queries, block], and where they are allowed. */
function scoresOf(
  { query, bias, mask }: Operands,
  slices: Slices,
  { keys, block, isCausal, first }: Layout,
): { scores: Value; allowed: Value | null } {
  const plain = np.einsum('bkgth,bksh->bkgts', query, slices.key);
  const ownBias = slices.bias ?? bias.whole;
  const biased = ownBias === null ? plain : np.add(plain, ownBias);
  const position = np.add(slices.start, np.arange(block, { dtype: 'int32' }));
  const row = np.add(np.arange(size(query, 3), { dtype: 'int32' }), first);
  const isPast = isCausal ? np.greaterEqual(np.expandDims(row, 1), position) : null;
  const ownMask = slices.mask ?? mask.whole;
  const allowed =
    ownMask !== null && isPast !== null ? np.logicalAnd(ownMask, isPast) : (ownMask ?? isPast);
  const scores = allowed === null ? biased : np.where(allowed, biased, masked);
  if (keys % block === 0) return { scores, allowed };
  return { scores: np.where(np.less(position, keys), scores, -Infinity), allowed };
}

const slicesOf = ({ key, value, bias, mask }: Operands, block: number): Slices => ({
  start: np.multiply(np.arange(size(key, 0), { dtype: 'int32' }), block),
  key,
  value,
  bias: bias.cut,
  mask: mask.cut,
});

/** Mixes the values of all blocks. */
function mixBlocks(operands: Operands, layout: Layout): Mixed {
  const { query } = operands;
  const rows = query.shape.slice(0, -1);
  const init = {
    out: np.zeros(query.shape.with(-1, size(operands.value, -1))),
    greatest: np.full(rows, masked),
    total: np.zeros(rows),
  };
  const [last] = scan(
    (so: Mixed, slices: Slices) => {
      const { scores } = scoresOf(operands, slices, layout);
      const greatest = np.maximum(so.greatest, np.max(scores, { axis: -1 }));
      const share = np.exp(np.subtract(scores, np.expandDims(greatest, -1)));
      const rescale = np.exp(np.subtract(so.greatest, greatest));
      const news = np.einsum('bkgts,bksh->bkgth', share, slices.value);
      const next = {
        out: np.add(np.multiply(so.out, np.expandDims(rescale, -1)), news),
        greatest,
        total: np.add(np.multiply(so.total, rescale), np.sum(share, { axis: -1 })),
      };
      return [next, null] as const;
    },
    init,
    slicesOf(operands, layout.block),
  );
  return { ...last, out: np.divide(last.out, np.expandDims(last.total, -1)) };
}

/** Cotangents of the operands of {@link mixBlocks}; of the bias in the form in which it came. */
interface Cotangents {
  readonly query: Value;
  readonly key: Value;
  readonly value: Value;
  readonly bias: Value | null;
}

function mixBack(operands: Operands, layout: Layout, mixed: Mixed, ct: Value): Cotangents {
  const { query, bias } = operands;
  const across = np.sum(np.multiply(ct, mixed.out), { axis: -1, keepdims: true });
  const init = {
    query: np.zeros(query.shape),
    bias: bias.whole === null ? null : np.zeros(bias.whole.shape),
  };
  const [carry, stacks] = scan(
    (so: { query: Value; bias: Value | null }, slices: Slices) => {
      const { scores, allowed } = scoresOf(operands, slices, layout);
      const raw = np.exp(np.subtract(scores, np.expandDims(mixed.greatest, -1)));
      const share = np.divide(raw, np.expandDims(mixed.total, -1));
      const ofShare = np.einsum('bkgth,bksh->bkgts', ct, slices.value);
      const all = np.multiply(share, np.subtract(ofShare, across));
      const ofScores = allowed === null ? all : np.where(allowed, all, 0);
      const ofBias = (like: Value | null): Value | null =>
        like === null ? null : summedTo(ofScores, like.shape);
      const next = {
        query: np.add(so.query, np.einsum('bkgts,bksh->bkgth', ofScores, slices.key)),
        bias: so.bias === null ? null : np.add(so.bias, ofBias(so.bias) ?? 0),
      };
      const outputs = {
        key: np.einsum('bkgts,bkgth->bksh', ofScores, query),
        value: np.einsum('bkgts,bkgth->bksh', share, ct),
        bias: ofBias(slices.bias),
      };
      return [next, outputs] as const;
    },
    init,
    slicesOf(operands, layout.block),
  );
  return {
    query: carry.query,
    key: stacks.key,
    value: stacks.value,
    bias: carry.bias ?? stacks.bias,
  };
}

/** The sum over the axes along which `shape` is 1. */
function summedTo(x: Value, shape: readonly number[]): Value {
  const axis = shape.flatMap((extent, i) => (extent === 1 && size(x, i) !== 1 ? [i] : []));
  return axis.length === 0 ? x : np.sum(x, { axis, keepdims: true });
}

/** Operands of {@link tiledAttention} as its rule sees them. */
type Given = readonly [
  query: Value,
  key: Value,
  value: Value,
  bias: Value | null,
  mask: Value | null,
];

interface Settings {
  readonly scale: number;
  readonly isCausal: boolean;
  readonly block: number;
}

/** A part of the queries with the blocks of keys that it may see. */
interface Part {
  readonly operands: Operands;
  readonly layout: Layout;
  readonly from: number;
  readonly to: number;
}

/** All queries at once; causal ones in parts, so that blocks after the last query of a part are left out. */
function partsOf([query, key, value, bias, mask]: Given, settings: Settings): Part[] {
  const { scale, isCausal, block } = settings;
  const [batch = 1, queries = 1, all = 1, dim = 1] = query.shape;
  const [, keys = 1, heads = 1] = key.shape;
  const groups = all / heads;
  const base = { keys, groups, block, isCausal, first: 0 };
  const scaled = np.multiply(np.reshape(query, [batch, queries, heads, groups, dim]), scale);
  const inFront = np.transpose(scaled, [0, 2, 3, 1, 4]);
  const keyBlocks = inBlocks(np.transpose(key, [0, 2, 1, 3]), 2, block);
  const valueBlocks = inBlocks(np.transpose(value, [0, 2, 1, 3]), 2, block);
  const pieces = { bias: piecesOf(bias, base), mask: piecesOf(mask, base) };
  // With a mask a row may have no key left, and then attends to all, later ones too.
  const isCut = isCausal && mask === null;
  const length = isCut ? Math.max(block, ceilDiv(queries, mostParts)) : queries;
  return Array.from({ length: ceilDiv(queries, length) }, (_, i): Part => {
    const [from, to] = [i * length, Math.min(queries, (i + 1) * length)];
    const seen = isCut ? Math.min(size(keyBlocks, 0), ceilDiv(to, block)) : size(keyBlocks, 0);
    const blocks = np.slice(0, seen);
    const rowsOf = (x: Value | null): Value | null =>
      x === null || size(x, -2) === 1 ? x : x.get('...', np.slice(from, to), np.slice(0, null));
    const part = ({ cut, whole }: Pieces): Pieces => ({
      cut: cut === null ? null : rowsOf(cut.get(blocks)),
      whole: rowsOf(whole),
    });
    const operands = {
      query: inFront.get('...', np.slice(from, to), np.slice(0, null)),
      key: keyBlocks.get(blocks),
      value: valueBlocks.get(blocks),
      bias: part(pieces.bias),
      mask: part(pieces.mask),
    };
    return { operands, layout: { ...base, first: from }, from, to };
  });
}

/** f32[batch, heads, groups, queries, dim] with the queries in front of the heads, heads and groups as one. */
function headsBehind(x: Value): Value {
  const [batch = 1, heads = 1, groups = 1, queries = 1, dim = 1] = x.shape;
  return np.reshape(np.transpose(x, [0, 3, 1, 2, 4]), [batch, queries, heads * groups, dim]);
}

/** Blocks of which the last ones may be missing, with zeros for those. */
const allBlocks = (x: Value, count: number): Value =>
  np.pad(
    x,
    x.shape.map((_, i) => [0, i === 0 ? count - size(x, 0) : 0] as const),
  );

/** The attention with its reverse rule, for one choice of settings. */
const attentionWith = (settings: Settings) => {
  const forward = (given: Given): { out: Value; mixed: Mixed[] } => {
    const mixed = partsOf(given, settings).map((part) => mixBlocks(part.operands, part.layout));
    return {
      out: np.concatenate(
        mixed.map(({ out }) => headsBehind(out)),
        { axis: 1 },
      ),
      mixed,
    };
  };
  const backward = (
    { given, mixed }: { readonly given: Given; readonly mixed: readonly Mixed[] },
    ct: Value,
  ): (Value | null)[] => {
    const [query, key, value, bias] = given;
    const parts = partsOf(given, settings);
    const cts = parts.map(({ operands, layout, from, to }, i) => {
      const own = mixed[i];
      if (own === undefined) throw new Error('a part that was not mixed');
      const rows = ct.get(np.slice(0, null), np.slice(from, to));
      const apart = rows.shape.toSpliced(2, 1, size(operands.query, 1), size(operands.query, 2));
      const inFront = np.transpose(np.reshape(rows, apart), [0, 2, 3, 1, 4]);
      return mixBack(operands, layout, own, inFront);
    });
    const ofQuery = np.concatenate(
      cts.map((c) => headsBehind(c.query)),
      { axis: 1 },
    );
    const count = ceilDiv(size(key, 1), settings.block);
    const ofKeys = (pick: (c: Cotangents) => Value, like: Value): Value => {
      const sum = cts.map((c) => allBlocks(pick(c), count)).reduce((x, y) => np.add(x, y));
      return np.transpose(joined(sum, 2, size(like, 1)), [0, 2, 1, 3]);
    };
    return [
      np.reshape(np.multiply(ofQuery, settings.scale), query.shape),
      ofKeys((c) => c.key, key),
      ofKeys((c) => c.value, value),
      bias === null ? null : ofBias(bias, cts, size(key, 1), count),
      null,
    ];
  };
  return customVjp(
    (...given: [...Given]) => forward(given).out,
    (...given: [...Given]) => {
      const { out, mixed } = forward(given);
      return [out, { given, mixed }] as const;
    },
    backward,
  );
};

/** The cotangent of the bias from those of its parts. */
function ofBias(bias: Value, cts: readonly Cotangents[], keys: number, count: number): Value {
  const isWhole = size(bias, 3) === 1 && keys > 1;
  const pieces = cts.flatMap((c) => (c.bias === null ? [] : [c.bias]));
  const whole = isWhole ? pieces : pieces.map((x) => allBlocks(x, count));
  const rows = stackRows(whole, size(bias, 2));
  return np.reshape(isWhole ? rows : joined(rows, 4, keys), bias.shape);
}

/** Parts of the queries one after the other, or their sum if the bias is alike for all queries. */
const stackRows = (parts: readonly Value[], queries: number): Value =>
  queries === 1 ? parts.reduce((a, b) => np.add(a, b)) : np.concatenate(parts, { axis: -2 });

/**
 * Scaled dot-product attention in memory proportional to queries and keys, not to their product.
 *
 * Rows without any allowed key attend to all keys evenly, as in JAX. Reverse mode computes the scores
 * again; it may be repeated. There is no forward mode.
 *
 * @param query - f32[batch, queries, heads, dim].
 * @param key - f32[batch, keys, keyHeads, dim]; `heads` is a multiple of `keyHeads`, neighbours share a key head.
 * @param value - f32[batch, keys, keyHeads, dim].
 * @returns f32[batch, queries, heads, dim].
 * @see Dao et al. 2022, https://arxiv.org/abs/2205.14135, algorithms 1 and 2.
 * @example
 * const mixed = tiledAttention(query, key, value, { isCausal: true });
 */
export function tiledAttention(
  query: Value,
  key: Value,
  value: Value,
  {
    bias = null,
    mask = null,
    scale,
    isCausal = false,
    blockSize = 256,
  }: TiledAttentionOptions = {},
): Value {
  const block = Math.min(blockSize, size(key, 1));
  const settings = { scale: scale ?? 1 / Math.sqrt(size(query, -1)), isCausal, block };
  return attentionWith(settings)(query, key, value, bias, mask);
}
