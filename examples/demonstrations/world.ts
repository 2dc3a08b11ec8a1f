/** A simulated robot: actions in, observations out. */
import type { MjData, MjModel } from '@mujoco/mujoco';
import { invariant } from '../../core/base/errors.ts';
import { clamp, type HandPose, rotationVector, type Vec3 } from './geometry.ts';
import {
  contactPairs,
  idOf,
  jointAddress,
  loadMujoco,
  type Mujoco,
  modelView,
  type StateField,
  stateView,
} from './mujoco.ts';
import { type Renderer, renderer } from './render.ts';
import {
  type cameras,
  controlRate,
  fingerJoints,
  fingerReach,
  fixedObjects,
  freeObjects,
  handJoints,
  imageSize,
  sceneXml,
  timestep,
} from './scene.ts';

/** What can be placed, by the name it has in the scene. */
export type ObjectName = (typeof freeObjects)[number] | (typeof fixedObjects)[number];

/** Where everything is at the start of an episode. */
export interface Layout {
  readonly hand: HandPose;
  /** Centre of each object in metres, and its turn about the vertical in radians. */
  readonly objects: Readonly<Record<ObjectName, { readonly at: Vec3; readonly yaw: number }>>;
}

/** Metres that an action of 1 moves the hand in one control step. */
export const moveScale = 0.025;

/** Radians that an action of 1 turns the hand in one control step. */
export const turnScale = 0.12;

/** Numbers in one action: dx, dy, dz, droll, dpitch, dyaw, gripper (-1 open, +1 closed). */
export const actionDim = 7;

/** Numbers in the robot's state: position (3), rotation vector (3), finger joints (2). */
export const stateDim = 8;

// The commanded pose may lead the measured one by this much, so that a blocked hand does not wind up.
const lead: HandPose = [0.05, 0.05, 0.05, 0.3, 0.3, 0.3];
const lowest: HandPose = [-0.28, -0.28, 0.012, -0.9, -0.9, -2.6];
const highest: HandPose = [0.28, 0.28, 0.3, 0.9, 0.9, 2.6];
const substeps = Math.round(1 / (controlRate * timestep));

/** One simulated robot and its table. Call {@link World.close} when done: its memory is the engine's. */
export class World {
  readonly #mujoco: Mujoco;
  readonly #model: MjModel;
  readonly #data: MjData;
  readonly #joints: ReadonlyMap<string, number>;
  readonly #render: Renderer;
  readonly #target = new Float64Array(6);

  private constructor(mujoco: Mujoco) {
    this.#mujoco = mujoco;
    this.#model = mujoco.MjModel.from_xml_string(sceneXml);
    this.#data = new mujoco.MjData(this.#model);
    const names = [...handJoints, ...fingerJoints, ...freeObjects];
    this.#joints = new Map(names.map((name) => [name, jointAddress(this.#model, name)]));
    this.#render = renderer(this.#model, imageSize);
  }

  /** A new world, with everything at the origin until {@link World.reset}. */
  static async open(): Promise<World> {
    return new World(await loadMujoco());
  }

  /** Gives the engine's memory back. The world cannot be used afterwards. */
  close(): void {
    this.#data.delete();
    this.#model.delete();
  }

  /** Puts everything in its place, at rest and with the gripper open, and lets it settle. */
  reset({ hand, objects }: Layout): void {
    this.#mujoco.mj_resetData(this.#model, this.#data);
    const qpos = stateView(this.#data, 'qpos');
    handJoints.forEach((name, i) => {
      qpos[this.#address(name)] = hand[i] ?? 0;
    });
    qpos[this.#address('finger_left')] = fingerReach;
    qpos[this.#address('finger_right')] = -fingerReach;
    for (const name of freeObjects) {
      const { at, yaw } = objects[name];
      qpos.set([...at, Math.cos(yaw / 2), 0, 0, Math.sin(yaw / 2)], this.#address(name));
    }
    for (const name of fixedObjects) {
      const { at, yaw } = objects[name];
      const body = idOf(this.#model, 'body', name);
      const slot = modelView(this.#model, 'body_mocapid')[body] ?? 0;
      stateView(this.#data, 'mocap_pos').set(at, 3 * slot);
      const turn = [Math.cos(yaw / 2), 0, 0, Math.sin(yaw / 2)];
      stateView(this.#data, 'mocap_quat').set(turn, 4 * slot);
    }
    this.#target.set(hand);
    this.#drive(-1);
  }

  /**
   * Runs one control step.
   *
   * @param action - f32[7], each in [-1, 1]; the last is read by its sign.
   */
  step(action: ArrayLike<number>): void {
    const pose = this.hand();
    handJoints.forEach((_, i) => {
      const scale = i < 3 ? moveScale : turnScale;
      const wanted = (this.#target[i] ?? 0) + clamp(action[i] ?? 0, -1, 1) * scale;
      const [at = 0, reach = 0] = [pose[i], lead[i]];
      const near = clamp(wanted, at - reach, at + reach);
      this.#target[i] = clamp(near, lowest[i] ?? 0, highest[i] ?? 0);
    });
    this.#drive(action[6] ?? -1);
  }

  /** The hand's pose as measured. */
  hand(): HandPose {
    const qpos = stateView(this.#data, 'qpos');
    const read = (name: string): number => qpos[this.#address(name)] ?? 0;
    const [x, y, z, roll, pitch, yaw] = handJoints;
    return [read(x), read(y), read(z), read(roll), read(pitch), read(yaw)];
  }

  /** Distance between the finger tips in metres. */
  opening(): number {
    const [left = 0, right = 0] = this.#fingers();
    return left - right;
  }

  /** What a policy may know of the robot: f32[8] of position, rotation vector and finger joints. */
  state(): Float32Array {
    const [x, y, z, roll, pitch, yaw] = this.hand();
    return Float32Array.of(x, y, z, ...rotationVector(roll, pitch, yaw), ...this.#fingers());
  }

  /** What a camera sees: u8[height, width, 3]. */
  image(camera: (typeof cameras)[number]): Uint8Array {
    return this.#render(this.#data, camera);
  }

  /** Centre of an object, in metres. */
  position(name: ObjectName): Vec3 {
    const [x = 0, y = 0, z = 0] = this.#ofBody(name, 'xpos', 3);
    return [x, y, z];
  }

  /** How far an object is turned about the vertical, in radians. */
  yaw(name: ObjectName): number {
    const [xx = 1, , , yx = 0] = this.#ofBody(name, 'xmat', 9);
    return Math.atan2(yx, xx);
  }

  /** Cosine of the angle between an object's own axis and the vertical. */
  uprightness(name: ObjectName): number {
    return this.#ofBody(name, 'xmat', 9)[8] ?? 1;
  }

  /** Whether any part of the hand touches the object now. */
  isTouching(name: ObjectName): boolean {
    const target = idOf(this.#model, 'geom', name);
    const hand = ['palm', 'wrist', ...fingerJoints].map((part) => idOf(this.#model, 'geom', part));
    return contactPairs(this.#data).some(
      ([a, b]) => (a === target && hand.includes(b)) || (b === target && hand.includes(a)),
    );
  }

  #drive(gripper: number): void {
    const ctrl = stateView(this.#data, 'ctrl');
    ctrl.set(this.#target);
    // Closing aims past the middle, so that the fingers press on whatever is between them.
    const open = gripper > 0 ? -0.01 : fingerReach;
    ctrl.set([open, -open], handJoints.length);
    for (let i = 0; i < substeps; i++) this.#mujoco.mj_step(this.#model, this.#data);
    // A step leaves positions one moment ahead of what is derived from them; cameras need both the same.
    this.#mujoco.mj_forward(this.#model, this.#data);
  }

  #fingers(): readonly number[] {
    const qpos = stateView(this.#data, 'qpos');
    return fingerJoints.map((name) => qpos[this.#address(name)] ?? 0);
  }

  #address(name: string): number {
    const address = this.#joints.get(name);
    invariant(address !== undefined, `the scene has no joint '${name}'`);
    return address;
  }

  #ofBody(name: ObjectName, field: StateField, width: number): readonly number[] {
    const body = idOf(this.#model, 'body', name);
    return [...stateView(this.#data, field).subarray(width * body, width * (body + 1))];
  }
}
