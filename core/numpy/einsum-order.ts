/** In which order the operands of a product of several are multiplied. */
import type { Label } from './einsum-notation.ts';

/** Two positions in the list of operands, to be replaced by their product at the end of the list. */
export type Pair = readonly [number, number];

/** A product of several operands, by the names of their axes. */
export interface Product {
  readonly operands: readonly ReadonlySet<Label>[];
  readonly output: ReadonlySet<Label>;
  readonly sizes: ReadonlyMap<Label, number>;
}

/** Up to this many operands every order is tried; beyond, the cheapest pair is taken each time. */
const exhaustiveLimit = 5;

/** The order of pairs that needs the fewest multiplications. */
export function contractionOrder(product: Product): Pair[] {
  if (product.operands.length < 2) return [];
  return product.operands.length <= exhaustiveLimit ? search(product).pairs : greedy(product);
}

function search(product: Product): { readonly pairs: Pair[]; readonly cost: number } {
  if (product.operands.length < 2) return { pairs: [], cost: 0 };
  let best: { pairs: Pair[]; cost: number } = { pairs: [], cost: Infinity };
  for (const pair of pairsOf(product)) {
    const own = costOf(product, pair);
    if (own >= best.cost) continue;
    const rest = search(multiplied(product, pair));
    if (best.pairs.length === 0 || own + rest.cost < best.cost) {
      best = { pairs: [pair, ...rest.pairs], cost: own + rest.cost };
    }
  }
  return best;
}

function greedy(product: Product): Pair[] {
  const pairs = pairsOf(product).map((pair) => ({ pair, cost: costOf(product, pair) }));
  const cheapest = pairs.reduce((best, item) => (item.cost < best.cost ? item : best));
  return [cheapest.pair, ...contractionOrder(multiplied(product, cheapest.pair))];
}

const pairsOf = ({ operands }: Product): Pair[] =>
  operands.flatMap((_, i) => operands.slice(i + 1).map((_, j): Pair => [i, i + 1 + j]));

/** The number of multiplications of one pair: the sizes of all axes that either has. */
function costOf({ operands, sizes }: Product, [i, j]: Pair): number {
  const labels = new Set([...(operands[i] ?? []), ...(operands[j] ?? [])]);
  return [...labels].reduce((cost, label) => cost * (sizes.get(label) ?? 1), 1);
}

function multiplied(product: Product, [i, j]: Pair): Product {
  const rest = product.operands.filter((_, k) => k !== i && k !== j);
  const kept = keptLabels(rest, product.output);
  const both = [...(product.operands[i] ?? []), ...(product.operands[j] ?? [])];
  return { ...product, operands: [...rest, new Set(both.filter((label) => kept.has(label)))] };
}

/** The axes that are still needed: those of the result and of the operands that are left. */
export const keptLabels = (
  rest: readonly Iterable<Label>[],
  output: Iterable<Label>,
): ReadonlySet<Label> => new Set([...output, ...rest.flatMap((labels) => [...labels])]);

/** How many multiplications a product takes all at once, and in this order of pairs. */
export function costs(
  product: Product,
  path: readonly Pair[],
): { readonly naive: number; readonly best: number } {
  const every = new Set(product.operands.flatMap((labels) => [...labels]));
  const count = Math.max(1, product.operands.length - 1);
  const size = [...every].reduce((cost, label) => cost * (product.sizes.get(label) ?? 1), 1);
  let rest = product;
  let best = 0;
  for (const pair of path) {
    best += costOf(rest, pair);
    rest = multiplied(rest, pair);
  }
  return { naive: size * count, best: path.length === 0 ? size : best };
}
