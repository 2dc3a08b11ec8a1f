/** The tasks: what is said, what counts as done, and how the expert does it. */
import { flatLength, type HandPose, minus, type Vec3, wrap } from './geometry.ts';
import { blockHalf, cubeHalf } from './scene.ts';
import type { Layout, ObjectName, World } from './world.ts';

/** What the expert wants at one moment. */
export interface Aim {
  readonly pose: HandPose;
  readonly grip: 1 | -1;
  /** Part of the full speed that this aim allows, in (0, 1]. */
  readonly speed: number;
}

/** One step of a plan. The aim is asked for again in every control step, so it may follow what moves. */
export interface Phase {
  readonly aim: (world: World) => Aim;
  readonly isDone: (world: World, steps: number) => boolean;
}

/** A task that a policy is told in words. */
export interface Task {
  readonly instruction: string;
  /** Whether the world shows the task done. A policy is judged by this too. */
  readonly isDone: (world: World) => boolean;
  /** Whether the expert's way is free of other objects. */
  readonly isClear: (layout: Layout) => boolean;
  /** The phases of a demonstration; `wiggle` in [-1, 1] varies the style from one episode to the next. */
  readonly plan: (world: World, wiggle: number) => readonly Phase[];
}

const cruise = 0.16;
const fingerTip = 0.011;

const level = ([x, y, z]: Vec3, yaw: number): HandPose => [x, y, z, 0, 0, yaw];

const at = ([x, y]: Vec3, z: number): Vec3 => [x, y, z];

/** How far the hand is from a pose: metres, and radians of the worst angle. */
function distance(world: World, pose: HandPose): { metres: number; radians: number } {
  const [dx, dy, dz, roll, pitch, yaw] = world.hand().map((value, i) => value - (pose[i] ?? 0));
  const metres = Math.sqrt((dx ?? 0) ** 2 + (dy ?? 0) ** 2 + (dz ?? 0) ** 2);
  return { metres, radians: Math.max(...[roll, pitch, yaw].map((angle) => Math.abs(angle ?? 0))) };
}

/** Go to a pose and be there within `metres` and `radians`. */
function go(
  pose: (world: World) => HandPose,
  grip: 1 | -1,
  { metres = 0.015, radians = 0.1, speed = 1 } = {},
): Phase {
  return {
    aim: (world) => ({ pose: pose(world), grip, speed }),
    isDone: (world) => {
      const left = distance(world, pose(world));
      return left.metres < metres && left.radians < radians;
    },
  };
}

/** Stay at a pose for some control steps, while the gripper moves. */
const hold = (pose: (world: World) => HandPose, grip: 1 | -1, steps: number): Phase => ({
  aim: (world) => ({ pose: pose(world), grip, speed: 1 }),
  isDone: (_, passed) => passed >= steps,
});

/** A yaw for the fingers that fits an object which looks the same after a quarter turn. */
function square(world: World, name: ObjectName): number {
  return wrap(world.yaw(name), Math.PI / 2);
}

/** The pose that `pose` gives when it is first asked, kept from then on. */
function once(pose: (world: World) => HandPose): (world: World) => HandPose {
  let kept: HandPose | null = null;
  return (world) => {
    kept ??= pose(world);
    return kept;
  };
}

/** Grasp the red cube and set it down on something whose top is at `top` metres. */
function pickAndPlace(goal: ObjectName, top: number): Task['plan'] {
  return (_, wiggle) => {
    const cubeAt = (z: number) => (world: World) =>
      level(at(world.position('red_cube'), z), square(world, 'red_cube'));
    const goalAt = (z: number) => (world: World) =>
      level(at(world.position(goal), z), square(world, goal));
    const here =
      (z: number) =>
      (world: World): HandPose => {
        const [x, y, , , , yaw] = world.hand();
        return [x, y, z, 0, 0, yaw];
      };
    const tilted =
      (pose: (world: World) => HandPose) =>
      (world: World): HandPose => {
        const [x, y, z, , , yaw] = pose(world);
        return [x, y, z, 0.18 * wiggle, -0.18 * wiggle, yaw];
      };
    const grasped = once(here(0.022));
    const released = once(here(top + 0.026));
    return [
      go(tilted(cubeAt(0.1 + 0.02 * wiggle)), -1, { metres: 0.02 }),
      go(cubeAt(0.05), -1, { metres: 0.008, radians: 0.06 }),
      go(cubeAt(0.022), -1, { metres: 0.006, radians: 0.06, speed: 0.6 }),
      hold(grasped, 1, 4),
      go(once(here(cruise)), 1, { metres: 0.03 }),
      go(tilted(goalAt(cruise)), 1, { metres: 0.02 }),
      go(goalAt(top + 0.026), 1, { metres: 0.007, radians: 0.06, speed: 0.6 }),
      hold(released, -1, 4),
      go(once(here(top + 0.12)), -1, { metres: 0.02 }),
    ];
  };
}

/** Whether the cube lies still on something, let go by an open hand that has left. */
function restsOn(world: World, goal: ObjectName, height: number): boolean {
  const cube = world.position('red_cube');
  const off = flatLength(minus(cube, world.position(goal)));
  const isAway = world.opening() > 0.07 && world.hand()[2] > cube[2] + 0.05;
  return off < 0.03 && Math.abs(cube[2] - height) < 0.008 && isAway;
}

/** Distance in the plane from `point` to the segment between two others. */
function offSegment(point: Vec3, from: Vec3, to: Vec3): number {
  const [dx, dy] = minus(to, from);
  const [px, py] = minus(point, from);
  const share = Math.min(1, Math.max(0, (px * dx + py * dy) / (dx * dx + dy * dy)));
  return Math.sqrt((px - share * dx) ** 2 + (py - share * dy) ** 2);
}

const obstacles = ['red_cube', 'green_block', 'purple_bottle', 'orange_ball'] as const;

function isPathFree({ objects }: Layout, from: Vec3, to: Vec3, mover: ObjectName): boolean {
  return obstacles.every(
    (name) => name === mover || offSegment(objects[name].at, from, to) > 0.085,
  );
}

/** Unit vector in the plane. */
function heading(from: Vec3, to: Vec3): readonly [number, number] {
  const step = minus(to, from);
  const length = Math.max(flatLength(step), 1e-6);
  return [step[0] / length, step[1] / length];
}

/**
 * Pushes along the line from where the block is to the target. The closed fingers push with their broad
 * side, which faces along the hand's y axis: a flat contact keeps the block from turning away.
 */
function pushPlan(first: World, wiggle: number): readonly Phase[] {
  const goal = first.position('yellow_target');
  const [x, y] = heading(first.position('green_block'), goal);
  const yaw = wrap(Math.atan2(-x, y), Math.PI);
  const offLine = (world: World): { left: number; aside: number } => {
    const [bx, by] = minus(goal, world.position('green_block'));
    return { left: bx * x + by * y, aside: by * x - bx * y };
  };
  // `lead` counts along the line from the side of the block that is pushed. What has slipped to one side
  // is dragged back by a hand that moves to the other.
  const pose =
    (lead: number, z: number, tilt: number) =>
    (world: World): HandPose => {
      const { left, aside } = offLine(world);
      const back = left + blockHalf[1] + 0.012 - lead;
      const [px, py] = [goal[0] - back * x - aside * y, goal[1] - back * y + aside * x];
      return [px, py, z, tilt, -0.5 * tilt, yaw];
    };
  const away = once((world) => {
    const [handX, handY, , roll, pitch] = world.hand();
    return [handX - 0.03 * x, handY - 0.03 * y, 0.1, roll, pitch, yaw];
  });
  return [
    go(once(pose(-0.04, cruise, 0.25 * wiggle)), 1, { metres: 0.02 }),
    go(once(pose(-0.035, 0.022, 0)), 1, { metres: 0.008, radians: 0.06 }),
    {
      aim: (world) => ({ pose: pose(0.04, 0.022, 0)(world), grip: 1, speed: 0.4 }),
      isDone: (world, steps) => offLine(world).left < 0.004 || steps > 45,
    },
    go(away, 1, { metres: 0.03 }),
  ];
}

const offTarget = (world: World): number =>
  flatLength(minus(world.position('green_block'), world.position('yellow_target')));

/** From where the hand comes to the ball: level direction and a tilt towards it. */
function touchPlan(start: World, wiggle: number): readonly Phase[] {
  const ball = start.position('orange_ball');
  const [hx, hy] = start.hand();
  const [x, y] = heading(ball, [hx, hy, 0]);
  const lean = 0.45 + 0.1 * wiggle;
  const yaw = 0.5 * wiggle;
  // In the hand's frame the wrist leans back along (side, ahead); small angles add up well enough.
  const ahead = x * Math.cos(yaw) + y * Math.sin(yaw);
  const side = -x * Math.sin(yaw) + y * Math.cos(yaw);
  const pose = (gap: number) => (): HandPose => {
    const out = 0.024 + fingerTip + gap;
    const flat = out * Math.sin(lean);
    const height = ball[2] + out * Math.cos(lean);
    return [ball[0] + flat * x, ball[1] + flat * y, height, -lean * side, lean * ahead, yaw];
  };
  const [ox, oy, , ...turn] = pose(0.1)();
  return [
    go(() => [ox, oy, cruise + 0.04, ...turn], 1, { metres: 0.02 }),
    go(pose(0.045), 1, { metres: 0.01, radians: 0.06, speed: 0.7 }),
    {
      aim: () => ({ pose: pose(-0.012)(), grip: 1, speed: 0.35 }),
      isDone: (world, steps) => world.isTouching('orange_ball') || steps > 20,
    },
    hold(pose(-0.012), 1, 5),
  ];
}

function topplePlan(start: World, wiggle: number): readonly Phase[] {
  const bottle = start.position('purple_bottle');
  const [hx, hy] = start.hand();
  const [x, y] = heading(bottle, [hx, hy, 0]);
  const yaw = wrap(Math.atan2(-x, y), Math.PI);
  const lean = 0.25 + 0.1 * wiggle;
  // Leaning about the hand's x axis moves its tip along y, which is the way of the push.
  const roll = (-Math.sin(yaw) * x + Math.cos(yaw) * y > 0 ? -1 : 1) * lean;
  const pose = (away: number, z: number) => (): HandPose => [
    bottle[0] + away * x,
    bottle[1] + away * y,
    z,
    roll,
    0.12 * wiggle,
    yaw,
  ];
  return [
    go(pose(0.09, 0.18), 1, { metres: 0.02 }),
    go(pose(0.06, 0.1), 1, { metres: 0.01, radians: 0.06, speed: 0.7 }),
    {
      aim: () => ({ pose: pose(-0.06, 0.095)(), grip: 1, speed: 0.35 }),
      isDone: (world, steps) => world.uprightness('purple_bottle') < 0.5 || steps > 20,
    },
    go(
      once((world) => {
        const [px, py, , ...turn] = world.hand();
        return [px, py, cruise, ...turn];
      }),
      1,
      { metres: 0.03 },
    ),
  ];
}

/** How the way of a push or a topple looks in a layout: free, and inside the reach of the hand. */
const isPushClear = (layout: Layout): boolean => {
  const from = layout.objects.green_block.at;
  const to = layout.objects.yellow_target.at;
  const [x, y] = heading(from, to);
  const start: Vec3 = [from[0] - 0.08 * x, from[1] - 0.08 * y, 0];
  const turned = wrap(layout.objects.green_block.yaw - Math.atan2(y, x), Math.PI / 2);
  return Math.abs(turned) < 0.35 && isPathFree(layout, start, to, 'green_block');
};

const isToppleClear = (layout: Layout): boolean => {
  const [hx, hy] = layout.hand;
  const bottle = layout.objects.purple_bottle.at;
  const [x, y] = heading(bottle, [hx, hy, 0]);
  const start: Vec3 = [bottle[0] + 0.09 * x, bottle[1] + 0.09 * y, 0];
  const end: Vec3 = [bottle[0] - 0.1 * x, bottle[1] - 0.1 * y, 0];
  return isPathFree(layout, start, end, 'purple_bottle');
};

const always = (): boolean => true;

/** Every task, in the order of `task_index`. */
export const tasks: readonly Task[] = [
  {
    instruction: 'pick up the red cube and place it on the blue pad',
    isDone: (world) => restsOn(world, 'blue_pad', cubeHalf),
    isClear: always,
    plan: pickAndPlace('blue_pad', 0),
  },
  {
    instruction: 'push the green block onto the yellow target',
    isDone: (world) => offTarget(world) < 0.025 && world.uprightness('green_block') > 0.95,
    isClear: isPushClear,
    plan: pushPlan,
  },
  {
    instruction: 'touch the orange ball',
    isDone: (world) => world.isTouching('orange_ball'),
    isClear: always,
    plan: touchPlan,
  },
  {
    instruction: 'knock over the purple bottle',
    isDone: (world) => world.uprightness('purple_bottle') < 0.5,
    isClear: isToppleClear,
    plan: topplePlan,
  },
  {
    instruction: 'stack the red cube on the green block',
    isDone: (world) => restsOn(world, 'green_block', 2 * blockHalf[2] + cubeHalf),
    isClear: always,
    plan: pickAndPlace('green_block', 2 * blockHalf[2]),
  },
];
