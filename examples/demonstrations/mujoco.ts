/** The part of MuJoCo that the demonstrations use, with types: its own declarations say `any`. */
import type { MainModule, MjData, MjModel } from '@mujoco/mujoco';

/** A loaded physics engine. */
export type Mujoco = MainModule;

/** A live view of numbers inside the engine; it detaches when the engine's memory grows. */
export type View = Float64Array | Float32Array | Int32Array;

let loaded: Promise<Mujoco> | null = null;

/** The engine, loaded on first use and then shared. */
export function loadMujoco(): Promise<Mujoco> {
  loaded ??= import('@mujoco/mujoco').then((module) => module.default());
  return loaded;
}

/** Fields of the model that are arrays of numbers. */
export type ModelField = 'geom_type' | 'geom_size' | 'geom_rgba' | 'cam_fovy' | 'body_mocapid';

/** Fields of the state that are arrays of numbers. */
export type StateField =
  | 'qpos'
  | 'qvel'
  | 'ctrl'
  | 'geom_xpos'
  | 'geom_xmat'
  | 'cam_xpos'
  | 'cam_xmat'
  | 'xpos'
  | 'xmat'
  | 'mocap_pos'
  | 'mocap_quat';

/** An array of the model, to be used at once. */
export const modelView = (model: MjModel, field: ModelField): View => model[field] as View;

/** An array of the state, to be used at once. */
export const stateView = (data: MjData, field: StateField): View => data[field] as View;

/** Where the coordinates of a joint begin in `qpos`. */
export function jointAddress(model: MjModel, name: string): number {
  const accessor = model.jnt(name);
  const address = (model.jnt_qposadr as Int32Array)[accessor.id];
  accessor.delete();
  return address ?? 0;
}

/** The id of a named body, geom or camera. */
export function idOf(model: MjModel, kind: 'body' | 'geom' | 'cam', name: string): number {
  const accessor = model[kind](name);
  const { id } = accessor;
  accessor.delete();
  return id;
}

/** The ids of the two geoms of every present contact. */
export function contactPairs(data: MjData): (readonly [number, number])[] {
  const contacts = data.contact;
  const pairs: (readonly [number, number])[] = [];
  for (let i = 0; i < data.ncon; i++) {
    const contact = contacts.get(i);
    if (contact === undefined) continue;
    pairs.push([contact.geom1, contact.geom2]);
    contact.delete();
  }
  contacts.delete();
  return pairs;
}
