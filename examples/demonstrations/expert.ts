/** The scripted expert: follows a plan with proportional control and a little smooth noise. */
import { mixSeed, mulberry32, type Prng } from '../../training/data/prng.ts';
import { clamp } from './geometry.ts';
import { randomLayout } from './layout.ts';
import { cameras } from './scene.ts';
import type { Aim, Task } from './tasks.ts';
import { actionDim, moveScale, stateDim, turnScale, type World } from './world.ts';

/** What one attempt recorded; row t of each array is control step t. */
export interface Demonstration {
  /** Whether the task was done when the plan ended, by the state of the physics. */
  readonly succeeded: boolean;
  readonly length: number;
  /** f32[length, 8], before the action of the same row. */
  readonly state: Float32Array;
  /** f32[length, 7]. */
  readonly actions: Float32Array;
  /** u8[length, height, width, 3] for each camera, before the action of the same row. */
  readonly images: Readonly<Record<(typeof cameras)[number], Uint8Array>>;
}

/** Longest demonstration, in control steps; a plan that is not through by then has failed. */
export const maxSteps = 120;

/** What part of the remaining way one step covers. */
const gain = 0.55;
const noiseMemory = 0.8;
const noiseScale = 0.05;

interface Recording {
  readonly states: Float32Array[];
  readonly actions: Float32Array[];
  readonly frames: Readonly<Record<(typeof cameras)[number], Uint8Array[]>>;
}

/** Noise that changes slowly from one step to the next (an Ornstein-Uhlenbeck process). */
function smoothNoise(prng: Prng): () => readonly number[] {
  let value: readonly number[] = Array.from({ length: 6 }, () => 0);
  return () => {
    value = value.map((old) => noiseMemory * old + noiseScale * prng.normal());
    return value;
  };
}

/** The action f32[7] that brings the hand nearer to what is wanted. */
function act(world: World, { pose, grip, speed }: Aim, noise: readonly number[]): Float32Array {
  const hand = world.hand();
  const action = new Float32Array(actionDim);
  for (let i = 0; i < 6; i++) {
    const scale = i < 3 ? moveScale : turnScale;
    const wanted = (gain * ((pose[i] ?? 0) - (hand[i] ?? 0))) / scale;
    action[i] = clamp(clamp(wanted, -speed, speed) + (noise[i] ?? 0), -1, 1);
  }
  action[6] = grip;
  return action;
}

function record(world: World, recording: Recording, action: Float32Array): void {
  recording.states.push(world.state());
  recording.actions.push(action);
  for (const camera of cameras) recording.frames[camera].push(world.image(camera));
}

/** Rows put one after the other. */
function stack<T extends Float32Array | Uint8Array>(rows: readonly T[], into: T): T {
  let offset = 0;
  for (const row of rows) {
    into.set(row, offset);
    offset += row.length;
  }
  return into;
}

const bytes = (frames: readonly Uint8Array[]): Uint8Array =>
  stack(frames, new Uint8Array(frames.reduce((sum, frame) => sum + frame.length, 0)));

function finish({ states, actions, frames }: Recording, succeeded: boolean): Demonstration {
  const { length } = actions;
  return {
    succeeded,
    length,
    state: stack(states, new Float32Array(length * stateDim)),
    actions: stack(actions, new Float32Array(length * actionDim)),
    images: { front: bytes(frames.front), wrist: bytes(frames.wrist) },
  };
}

/** One attempt at a task from a random start. The same seed gives the same demonstration. */
export function demonstrate(world: World, task: Task, seed: number): Demonstration {
  const prng = mulberry32(mixSeed(seed));
  world.reset(randomLayout(prng, task.isClear));
  const plan = task.plan(world, prng.between(-1, 1));
  const pace = prng.between(0.55, 0.9);
  const noise = smoothNoise(prng);
  const recording: Recording = { states: [], actions: [], frames: { front: [], wrist: [] } };
  for (const phase of plan) {
    for (let steps = 0; !phase.isDone(world, steps); steps++) {
      if (recording.actions.length === maxSteps) return finish(recording, false);
      const aim = phase.aim(world);
      const action = act(world, { ...aim, speed: aim.speed * pace }, noise());
      record(world, recording, action);
      world.step(action);
    }
  }
  return finish(recording, task.isDone(world));
}
