/**
 * A small ray caster for MuJoCo scenes made of planes, boxes, spheres, capsules and cylinders.
 *
 * Pictures depend on nothing but the scene (no GPU, no driver), so data sets can be made again byte for byte.
 */
import type { MjData, MjModel } from '@mujoco/mujoco';
import { idOf, modelView, stateView } from './mujoco.ts';

/** Draws what a named camera sees: u8[size, size, 3]. */
export type Renderer = (data: MjData, camera: string) => Uint8Array;

/** mjtGeom, as far as it is drawn. */
const shapes = { plane: 0, sphere: 2, capsule: 3, cylinder: 5, box: 6 } as const;

interface Geom {
  readonly shape: number;
  readonly size: readonly [number, number, number];
  readonly colour: readonly [number, number, number];
  /** Radius of a ball about the centre that holds the geom; infinite for a plane. */
  readonly bound: number;
  /** Centre, and rows of the rotation from the world to the geom. */
  readonly at: Float64Array;
  readonly turn: Float64Array;
}

/** The nearest hit so far; the normal is in the coordinates of what was hit. */
interface Hit {
  distance: number;
  normal: [number, number, number];
}

const light = normalised([0.35, -0.45, 1]);
const sky = [0.36, 0.4, 0.46] as const;
/** Brightness of what faces away from the light, and of what faces it from the shadow. */
const ambient = 0.45;
const shadow = 0.62;
const levels = 24;
const far = 1e9;

function normalised([x, y, z]: readonly [number, number, number]): [number, number, number] {
  const length = Math.sqrt(x * x + y * y + z * z);
  return [x / length, y / length, z / length];
}

function boundOf(shape: number, [a, b, c]: Geom['size']): number {
  if (shape === shapes.plane) return Number.POSITIVE_INFINITY;
  if (shape === shapes.sphere) return a;
  if (shape === shapes.capsule) return a + b;
  if (shape === shapes.cylinder) return Math.sqrt(a * a + b * b);
  return Math.sqrt(a * a + b * b + c * c);
}

function readGeoms(model: MjModel): Geom[] {
  const [types, sizes, colours] = (['geom_type', 'geom_size', 'geom_rgba'] as const).map((field) =>
    modelView(model, field),
  );
  return Array.from({ length: model.ngeom }, (_, i) => {
    const [sx = 0, sy = 0, sz = 0] = sizes?.subarray(3 * i, 3 * i + 3) ?? [];
    const [red = 0, green = 0, blue = 0] = colours?.subarray(4 * i, 4 * i + 3) ?? [];
    const shape = types?.[i] ?? 0;
    const size = [sx, sy, sz] as const;
    const [at, turn] = [new Float64Array(3), new Float64Array(9)];
    return { shape, size, colour: [red, green, blue], bound: boundOf(shape, size), at, turn };
  });
}

/** Entry of the ray o + t·d into a sphere about (0, 0, z), or `far`. */
function enterBall(o: number[], d: number[], radius: number, z: number): number {
  const [ox = 0, oy = 0, oz = 0] = o;
  const [dx = 0, dy = 0, dz = 0] = d;
  const b = ox * dx + oy * dy + (oz - z) * dz;
  const c = ox * ox + oy * oy + (oz - z) * (oz - z) - radius * radius;
  const root = b * b - c;
  if (root < 0) return far;
  const t = -b - Math.sqrt(root);
  return t > 0 ? t : far;
}

/** Entry into the side of a tube about the z axis, from -half to half, or `far`. */
function enterTube(o: number[], d: number[], radius: number, half: number): number {
  const [ox = 0, oy = 0, oz = 0] = o;
  const [dx = 0, dy = 0, dz = 0] = d;
  const a = dx * dx + dy * dy;
  if (a < 1e-12) return far;
  const b = ox * dx + oy * dy;
  const c = ox * ox + oy * oy - radius * radius;
  const root = b * b - a * c;
  if (root < 0) return far;
  const t = (-b - Math.sqrt(root)) / a;
  return t > 0 && Math.abs(oz + t * dz) <= half ? t : far;
}

function hitBall(o: number[], d: number[], radius: number, z: number, hit: Hit): void {
  const t = enterBall(o, d, radius, z);
  if (t >= hit.distance) return;
  const [x = 0, y = 0, height = 0] = o.map((value, i) => value + t * (d[i] ?? 0));
  hit.distance = t;
  hit.normal = [x / radius, y / radius, (height - z) / radius];
}

function hitTube(o: number[], d: number[], radius: number, half: number, hit: Hit): void {
  const t = enterTube(o, d, radius, half);
  if (t >= hit.distance) return;
  hit.distance = t;
  const [x = 0, y = 0] = o.map((value, i) => value + t * (d[i] ?? 0));
  hit.normal = [x / radius, y / radius, 0];
}

function hitLids(o: number[], d: number[], radius: number, half: number, hit: Hit): void {
  const [ox = 0, oy = 0, oz = 0] = o;
  const [dx = 0, dy = 0, dz = 0] = d;
  const side = dz < 0 ? 1 : -1;
  const t = (side * half - oz) / dz;
  if (!(t > 0 && t < hit.distance)) return;
  const [x, y] = [ox + t * dx, oy + t * dy];
  if (x * x + y * y > radius * radius) return;
  hit.distance = t;
  hit.normal = [0, 0, side];
}

function hitBox(o: number[], d: number[], size: Geom['size'], hit: Hit): void {
  let [enter, leave, axis] = [-far, far, 0];
  for (let i = 0; i < 3; i++) {
    const [oi = 0, di = 0, half = 0] = [o[i], d[i], size[i]];
    // Division by zero gives infinities of the right sign, except 0 / 0 when the ray lies in a face.
    const one = (-half - oi) / di;
    const other = (half - oi) / di;
    const first = Math.min(one, other);
    if (first > enter) [enter, axis] = [first, i];
    leave = Math.min(leave, Math.max(one, other));
  }
  if (!(enter > 0 && enter <= leave && enter < hit.distance)) return;
  hit.distance = enter;
  hit.normal = [0, 0, 0];
  hit.normal[axis] = (d[axis] ?? 0) > 0 ? -1 : 1;
}

function hitShape(geom: Geom, o: number[], d: number[], hit: Hit): void {
  const [a, b] = geom.size;
  if (geom.shape === shapes.plane) {
    const t = -(o[2] ?? 0) / (d[2] ?? 0);
    if (t > 0 && t < hit.distance) Object.assign(hit, { distance: t, normal: [0, 0, 1] });
  } else if (geom.shape === shapes.sphere) {
    hitBall(o, d, a, 0, hit);
  } else if (geom.shape === shapes.capsule) {
    hitTube(o, d, a, b, hit);
    hitBall(o, d, a, b, hit);
    hitBall(o, d, a, -b, hit);
  } else if (geom.shape === shapes.cylinder) {
    hitTube(o, d, a, b, hit);
    hitLids(o, d, a, b, hit);
  } else if (geom.shape === shapes.box) {
    hitBox(o, d, geom.size, hit);
  }
}

/** Whether the ray passes within `bound` of the geom's centre. */
function comesNear({ at, bound }: Geom, o: number[], d: number[]): boolean {
  if (bound === Number.POSITIVE_INFINITY) return true;
  const [ox = 0, oy = 0, oz = 0] = o;
  const [dx = 0, dy = 0, dz = 0] = d;
  const [x, y, z] = [(at[0] ?? 0) - ox, (at[1] ?? 0) - oy, (at[2] ?? 0) - oz];
  const along = x * dx + y * dy + z * dz;
  return x * x + y * y + z * z - along * along <= bound * bound;
}

/** The nearest geom along a ray, with distance and normal (in the geom's frame) left in `hit`. */
function cast(geoms: readonly Geom[], o: number[], d: number[], hit: Hit): Geom | null {
  let nearest: Geom | null = null;
  hit.distance = far;
  const [from, along] = [
    [0, 0, 0],
    [0, 0, 0],
  ];
  for (const geom of geoms) {
    if (!comesNear(geom, o, d)) continue;
    const { at, turn } = geom;
    for (let i = 0; i < 3; i++) {
      let [f, a] = [0, 0];
      for (let j = 0; j < 3; j++) {
        const r = turn[3 * j + i] ?? 0;
        f += r * ((o[j] ?? 0) - (at[j] ?? 0));
        a += r * (d[j] ?? 0);
      }
      from[i] = f;
      along[i] = a;
    }
    const before = hit.distance;
    hitShape(geom, from, along, hit);
    if (hit.distance < before) nearest = geom;
  }
  return nearest;
}

/** Colour in [0, 1] that comes along a ray. */
function shade(geoms: readonly Geom[], o: number[], d: number[], hit: Hit): readonly number[] {
  const geom = cast(geoms, o, d, hit);
  if (geom === null) return sky;
  const { normal, distance } = hit;
  const world = [0, 1, 2].map((i) =>
    normal.reduce((sum, n, j) => sum + (geom.turn[3 * i + j] ?? 0) * n, 0),
  );
  const facing = world.reduce((sum, n, i) => sum + n * (light[i] ?? 0), 0);
  // Off the surface by a hair, or the surface would shadow itself.
  const point = o.map((value, i) => value + distance * (d[i] ?? 0) + 1e-5 * (world[i] ?? 0));
  const lit = facing > 0 && cast(geoms, point, light, hit) === null;
  const direct = ambient + (1 - ambient) * facing;
  const brightness = lit ? direct : Math.max(ambient, shadow * facing);
  return geom.colour.map((channel) => channel * brightness);
}

/**
 * A function that draws this model's scene in square images.
 *
 * Brightness is rounded to a few steps: flat areas then compress well as PNG.
 */
export function renderer(model: MjModel, size: number): Renderer {
  const geoms = readGeoms(model);
  return (data, name) => {
    const [positions, rotations] = [stateView(data, 'geom_xpos'), stateView(data, 'geom_xmat')];
    geoms.forEach(({ at, turn }, i) => {
      at.set(positions.subarray(3 * i, 3 * i + 3));
      turn.set(rotations.subarray(9 * i, 9 * i + 9));
    });
    const id = idOf(model, 'cam', name);
    const origin = [...stateView(data, 'cam_xpos').subarray(3 * id, 3 * id + 3)];
    const turn = [...stateView(data, 'cam_xmat').subarray(9 * id, 9 * id + 9)];
    const reach = Math.tan((((modelView(model, 'cam_fovy')[id] ?? 45) / 2) * Math.PI) / 180);
    return draw(geoms, origin, turn, reach, size);
  };
}

function draw(
  geoms: readonly Geom[],
  origin: number[],
  turn: readonly number[],
  reach: number,
  size: number,
): Uint8Array {
  const pixels = new Uint8Array(size * size * 3);
  const hit: Hit = { distance: far, normal: [0, 0, 1] };
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const u = ((2 * column + 1) / size - 1) * reach;
      const v = (1 - (2 * row + 1) / size) * reach;
      // A camera looks along its own -z axis.
      const [x = 0, y = 0, z = 0] = [0, 1, 2].map(
        (i) => u * (turn[3 * i] ?? 0) + v * (turn[3 * i + 1] ?? 0) - (turn[3 * i + 2] ?? 0),
      );
      const colour = shade(geoms, origin, normalised([x, y, z]), hit);
      const stepped = colour.map((channel) => Math.round(channel * levels) / levels);
      pixels.set(
        stepped.map((channel) => Math.round(255 * Math.min(1, channel))),
        (row * size + column) * 3,
      );
    }
  }
  return pixels;
}
