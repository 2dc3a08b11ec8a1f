/**
 * Fragments in plain WGSL, so that products made of them run on adapters without any: the lanes of a subgroup, which
 * is any run of so many lanes here, have a share of the sums each, and read operands from workgroup memory.
 */
import type {
  FragmentOperations,
  FragmentPlace,
  FragmentTile,
} from '../../core/emit/wgsl/fragments.ts';

type Side = 'left' | 'right';

/** One component of workgroup memory, whatever it is declared as. */
const componentAt = (memory: string, { staging }: FragmentTile, at: string): string =>
  staging.width === 4 ? `${memory}[(${at}) / 4i][(${at}) % 4i]` : `${memory}[${at}]`;

/** The place of a component of a fragment that begins at `at`, both counted in components. */
function placeOf(place: FragmentPlace, { staging }: FragmentTile, row: string, column: string) {
  const [far, near] = place.isRowMajor ? [row, column] : [column, row];
  return `(${place.at}) * ${staging.unit}i + ${far} * ${place.stride * staging.unit}i + ${near}`;
}

/** What {@link FragmentOperations} do, by loops. */
export const emulatedFragments: FragmentOperations = (module, tile) => {
  if (tile.shape.component === 'f16') module.enable('f16');
  const { rows, columns, depth } = tile.shape;
  const each = Math.ceil((rows * columns) / tile.subgroupSizes[0]);
  const loaded = new Map<string, FragmentPlace>();
  const element = (side: Side, name: string, row: string, column: string): string => {
    const place = loaded.get(`${side} ${name}`);
    if (place === undefined) throw new Error(`${name} is no ${side} fragment`);
    return `f32(${componentAt(place.memory, tile, placeOf(place, tile, row, column))})`;
  };
  // Loops begin at a zero that the driver does not know of, or it would unroll them.
  const overOwn = (body: string): string =>
    `for (var own = zero; own < ${each}i; own++) {
      let e = own * i32(size) + i32(lane % size);
      if (e < ${rows * columns}i) { ${body} }
    }`;
  const [row, column] = [`(e / ${columns}i)`, `(e % ${columns}i)`];
  return {
    zeros: (name) => `var ${name}: array<f32, ${each}>;`,
    load: (name, side, place) => {
      loaded.set(`${side} ${name}`, place);
      return `// ${name} stays where it is.`;
    },
    multiplyAdd: (sum, left, right) => {
      const [a, b] = [element('left', left, row, 't'), element('right', right, 't', column)];
      const loop = `for (var t = zero; t < ${depth}i; t++) { ${sum}[own] += ${a} * ${b}; }`;
      return overOwn(loop);
    },
    store: (sum, place) => {
      const to = componentAt(place.memory, tile, placeOf(place, tile, row, column));
      return overOwn(`${to} = ${sum}[own];`);
    },
  };
};
