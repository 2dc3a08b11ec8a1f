/** Random starts of episodes. */
import type { Prng } from '../../training/data/prng.ts';
import { flatLength, minus, type Vec3 } from './geometry.ts';
import { blockHalf, bottleSize, cubeHalf } from './scene.ts';
import type { Layout, ObjectName } from './world.ts';

/** Free space around the centre of each object, in metres: room for the open gripper. */
const spacing = 0.105;
const reachX = 0.16;
const reachY = 0.19;
const padHeight = 0.0005;

function scatter(count: number, prng: Prng): Vec3[] {
  for (;;) {
    const spots: Vec3[] = [];
    for (let tries = 0; spots.length < count && tries < 200; tries++) {
      const x = prng.between(-reachX, reachX);
      const spot: Vec3 = [x, prng.between(-reachY, reachY), 0];
      if (spots.every((other) => flatLength(minus(spot, other)) > spacing)) spots.push(spot);
    }
    if (spots.length === count) return spots;
  }
}

const heights = (prng: Prng): Readonly<Record<ObjectName, number>> => ({
  red_cube: cubeHalf,
  green_block: blockHalf[2],
  purple_bottle: bottleSize[1],
  blue_pad: padHeight,
  yellow_target: padHeight,
  orange_ball: prng.between(0.06, 0.11),
});

/**
 * A random start: objects apart from each other, the hand above the table and tilted a little.
 *
 * @param isClear - Says whether a layout suits the task; others are drawn until it does.
 */
export function randomLayout(prng: Prng, isClear: (layout: Layout) => boolean): Layout {
  for (;;) {
    const above = heights(prng);
    const names = Object.keys(above) as ObjectName[];
    const spots = scatter(names.length, prng);
    const entries = names.map((name, i) => {
      const [x, y] = spots[i] ?? [0, 0, 0];
      const yaw = prng.between(-Math.PI / 4, Math.PI / 4);
      return [name, { at: [x, y, above[name]], yaw }] as const;
    });
    const layout: Layout = {
      hand: [
        prng.between(-0.12, 0.12),
        prng.between(-0.14, 0.14),
        prng.between(0.17, 0.22),
        prng.between(-0.35, 0.35),
        prng.between(-0.35, 0.35),
        prng.between(-0.6, 0.6),
      ],
      // The list has every name once, because `names` came from a record of all of them.
      objects: Object.fromEntries(entries) as Layout['objects'],
    };
    if (isClear(layout)) return layout;
  }
}
