/** Decompositions by the names of `jax.lax.linalg`. Exported as the namespace `lax.linalg`. */
import type { Value } from '../ir/value.ts';
import { asOneProgram, eagerly } from '../numpy/eager.ts';
import { matrixTranspose } from '../numpy/movement.ts';
import { matmul } from '../numpy/products.ts';
import * as prim from '../primitives/index.ts';

export { cholesky, eigh, lu, qr, svd, triangularSolve } from '../primitives/index.ts';

/** The order of rows that exchanges, one after the other, lead to: int32[…, size] from int32[…, k]. */
export const luPivotsToPermutation = (pivots: Value, size: number): Value =>
  asOneProgram('lax.linalg.luPivotsToPermutation', () => {
    const lead = pivots.shape.slice(0, -1);
    const shape = [...lead, size];
    const last = lead.length;
    const places = prim.iota('int32', shape, last);
    let order = places;
    const count = pivots.shape[last] ?? 0;
    for (let k = 0; k < count; k++) {
      const none = pivots.shape.map(() => 0);
      const one = prim.slice(pivots, none.with(last, k), pivots.shape.with(last, k + 1));
      const pivot = prim.broadcastInDim(
        one,
        shape,
        shape.map((_, a) => a),
      );
      const own = prim.broadcastInDim(prim.literal(k, 'int32'), shape, []);
      const here = prim.slice(order, shape.map(() => 0).with(last, k), shape.with(last, k + 1));
      const spread = prim.broadcastInDim(
        here,
        shape,
        shape.map((_, a) => a),
      );
      const atPivot = prim.select(
        prim.eq(places, pivot),
        order,
        prim.broadcastInDim(prim.literal(0, 'int32'), shape, []),
      );
      const there = prim.broadcastInDim(
        prim.reduceSum(atPivot, [last]),
        shape,
        lead.map((_, a) => a),
      );
      order = prim.select(
        prim.eq(places, own),
        there,
        prim.select(prim.eq(places, pivot), spread, order),
      );
    }
    return [order];
  })[0] as Value; // One, as the body returns.

/** α · a · aᵀ + β · c: f32[…, n, n]. */
export const symmetricProduct = eagerly(
  'lax.linalg.symmetricProduct',
  (
    a: Value,
    c: Value,
    { alpha = 1, beta = 0 }: { readonly alpha?: number; readonly beta?: number } = {},
  ): Value => matmul(a, matrixTranspose(a)).mul(alpha).add(c.mul(beta)),
);

/** The upper triangle R with RᵀR = RᵀR + w·wᵀ: the factor of a matrix to which a column is added. */
export const choleskyUpdate = eagerly('lax.linalg.choleskyUpdate', (r: Value, w: Value): Value => {
  const whole = matmul(matrixTranspose(r), r).add(
    prim.mul(
      prim.broadcastInDim(w, r.shape, [r.ndim - 2]),
      prim.broadcastInDim(w, r.shape, [r.ndim - 1]),
    ),
  );
  return matrixTranspose(prim.cholesky(whole));
});

const at = (x: Value, k: number): Value => {
  const last = x.ndim - 1;
  const none = x.shape.map(() => 0);
  return prim.reshape(
    prim.slice(x, none.with(last, k), x.shape.with(last, k + 1)),
    x.shape.slice(0, -1),
  );
};

/**
 * The product of elementary reflections 1 − τ·v·vᵀ, whose vectors stand below the diagonal of `a`: f32[…, m, n].
 */
export const householderProduct = eagerly(
  'lax.linalg.householderProduct',
  (a: Value, taus: Value): Value => {
    const [m = 0, n = 0] = a.shape.slice(-2);
    const lead = a.shape.slice(0, -2);
    const shape = [...lead, m, n];
    const [row, column] = [lead.length, lead.length + 1];
    const rows = prim.iota('int32', shape, row);
    const float = (x: Value): Value => prim.convert(x, 'float32');
    let found = float(prim.eq(rows, prim.iota('int32', shape, column)));
    const reflections = taus.shape.at(-1) ?? 0;
    for (let k = reflections - 1; k >= 0; k--) {
      const place = prim.iota('int32', [...lead, m], row);
      const own = prim.broadcastInDim(prim.literal(k, 'int32'), [...lead, m], []);
      const vector = prim.select(prim.gt(place, own), at(a, k), float(prim.eq(place, own)));
      const wide = prim.broadcastInDim(vector, shape, [...lead.map((_, i) => i), row]);
      const projected = prim.reduceSum(prim.mul(wide, found), [row]);
      const scaled = prim.mul(
        projected,
        prim.broadcastInDim(
          at(taus, k),
          projected.shape,
          lead.map((_, i) => i),
        ),
      );
      const spread = prim.broadcastInDim(scaled, shape, [...lead.map((_, i) => i), column]);
      found = prim.sub(found, prim.mul(wide, spread));
    }
    return found;
  },
);

/**
 * x with T · x = b for a tridiagonal matrix, by elimination without exchanges.
 *
 * @param lower - f32[…, n]; its first element does not count.
 * @param upper - f32[…, n]; its last element does not count.
 * @param b - f32[…, n, columns].
 * @see Thomas 1949; `jax.lax.linalg.tridiagonal_solve`.
 */
export const tridiagonalSolve = eagerly(
  'lax.linalg.tridiagonalSolve',
  (lower: Value, diagonal: Value, upper: Value, b: Value): Value => {
    const n = diagonal.shape.at(-1) ?? 0;
    const lead = diagonal.shape.slice(0, -1);
    const rowShape = [...lead, b.shape.at(-1) ?? 1];
    const wide = (v: Value): Value =>
      prim.broadcastInDim(
        v,
        rowShape,
        lead.map((_, i) => i),
      );
    const rowOf = (k: number): Value => {
      const none = b.shape.map(() => 0);
      const cut = prim.slice(b, none.with(-2 + b.ndim, k), b.shape.with(b.ndim - 2, k + 1));
      return prim.reshape(cut, rowShape);
    };
    const factors: Value[] = [];
    const rows: Value[] = [];
    for (let k = 0; k < n; k++) {
      const [before, above] = [rows[k - 1], factors[k - 1]];
      const down = at(lower, k);
      const pivot =
        above === undefined ? at(diagonal, k) : prim.sub(at(diagonal, k), prim.mul(down, above));
      factors.push(prim.div(at(upper, k), pivot));
      const rest =
        before === undefined ? rowOf(k) : prim.sub(rowOf(k), prim.mul(wide(down), before));
      rows.push(prim.div(rest, wide(pivot)));
    }
    for (let k = n - 2; k >= 0; k--) {
      const [own, next, factor] = [rows[k], rows[k + 1], factors[k]] as [Value, Value, Value]; // All below n.
      rows[k] = prim.sub(own, prim.mul(wide(factor), next));
    }
    const slabs = rows.map((row) => prim.reshape(row, [...lead, 1, ...rowShape.slice(-1)]));
    return prim.concatenate(slabs, lead.length);
  },
);
