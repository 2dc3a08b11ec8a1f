/** The scene as MJCF: a gantry gripper over a table with six objects, seen by two cameras. */

/** Seconds per physics step. */
export const timestep = 0.002;

/** Control steps per second. */
export const controlRate = 10;

/** Width and height of each camera image in pixels. */
export const imageSize = 48;

/** Names of the cameras, as in the scene. */
export const cameras = ['front', 'wrist'] as const;

/** Half the edge of the red cube, in metres. */
export const cubeHalf = 0.025;

/** Half extents of the green block along x, y and z, in metres. */
export const blockHalf = [0.03, 0.03, 0.025] as const;

/** Radius of the orange ball, in metres. */
export const ballRadius = 0.024;

/** Radius and half height of the purple bottle, in metres. */
export const bottleSize = [0.02, 0.06] as const;

/** What moves freely; each has a free joint of its own name. */
export const freeObjects = ['red_cube', 'green_block', 'purple_bottle'] as const;

/** What stays where the layout puts it; each is a mocap body of its own name. */
export const fixedObjects = ['blue_pad', 'yellow_target', 'orange_ball'] as const;

/** Joints of the hand in the order of the first six action dimensions. */
export const handJoints = ['hand_x', 'hand_y', 'hand_z', 'roll', 'pitch', 'yaw'] as const;

/** Joints of the two fingers; they move in opposite directions. */
export const fingerJoints = ['finger_left', 'finger_right'] as const;

/** How far a finger opens from the middle, in metres. */
export const fingerReach = 0.045;

const slide = (name: string, axis: string, range: string): string =>
  `<joint name="${name}" type="slide" axis="${axis}" range="${range}" limited="true" damping="2"/>`;
const hinge = (name: string, axis: string): string =>
  `<joint name="${name}" type="hinge" axis="${axis}" armature="0.005" damping="0.05"/>`;

const freeBody = (name: string, geom: string): string => `
    <body name="${name}"><freejoint name="${name}"/><geom name="${name}" ${geom}/></body>`;

const finger = (joint: string, side: 1 | -1): string => `
      <body name="${joint}" pos="0 ${side * 0.006} 0" gravcomp="1">
        ${slide(joint, '0 1 0', side === 1 ? `0 ${fingerReach}` : `-${fingerReach} 0`)}
        <geom name="${joint}" type="box" size="0.018 0.006 0.03" pos="0 0 0.02" mass="0.05"
          friction="1.6 0.02 0.001" rgba="0.16 0.17 0.2 1"/>
      </body>`;

/**
 * The whole scene as MJCF text. The hand's frame has its origin between the finger tips, so that the wrist
 * turns about the point that touches things.
 *
 * @see https://mujoco.readthedocs.io/en/stable/XMLreference.html
 */
export const sceneXml = `
<mujoco model="gantry">
  <compiler angle="radian" autolimits="true"/>
  <option timestep="${timestep}" integrator="implicitfast" cone="elliptic" impratio="10"/>
  <size memory="4M"/>
  <default>
    <geom friction="0.7 0.01 0.001" condim="4" solref="0.01 1"/>
  </default>
  <worldbody>
    <geom name="table" type="plane" size="0 0 1" rgba="0.82 0.8 0.76 1"/>
    <camera name="front" pos="0.54 0 0.48" xyaxes="0 1 0 -0.588 0 0.809" fovy="44"/>
    <body name="hand" gravcomp="1">
      ${slide('hand_x', '1 0 0', '-0.3 0.3')}
      ${slide('hand_y', '0 1 0', '-0.3 0.3')}
      ${slide('hand_z', '0 0 1', '0 0.35')}
      ${hinge('yaw', '0 0 1')}
      ${hinge('pitch', '0 1 0')}
      ${hinge('roll', '1 0 0')}
      <geom name="palm" type="box" size="0.018 0.055 0.014" pos="0 0 0.064" mass="0.6"
        rgba="0.42 0.44 0.48 1"/>
      <geom name="wrist" type="capsule" fromto="0 0 0.08 0 0 0.14" size="0.014" mass="0.3"
        rgba="0.42 0.44 0.48 1"/>
      <camera name="wrist" pos="0.075 0 0.085" xyaxes="0 1 0 -0.917 0 0.4" fovy="80"/>
      ${finger('finger_left', 1)}
      ${finger('finger_right', -1)}
    </body>
    ${freeBody('red_cube', `type="box" size="${cubeHalf} ${cubeHalf} ${cubeHalf}" mass="0.08" rgba="0.86 0.12 0.1 1"`)}
    ${freeBody('green_block', `type="box" size="${blockHalf.join(' ')}" mass="0.12" rgba="0.1 0.62 0.2 1"`)}
    ${freeBody('purple_bottle', `type="cylinder" size="${bottleSize.join(' ')}" mass="0.1" rgba="0.56 0.2 0.72 1"`)}
    <body name="blue_pad" mocap="true">
      <geom name="blue_pad" type="box" size="0.045 0.045 0.0005" contype="0" conaffinity="0"
        rgba="0.12 0.3 0.86 1"/>
    </body>
    <body name="yellow_target" mocap="true">
      <geom name="yellow_target" type="cylinder" size="0.048 0.0005" contype="0" conaffinity="0"
        rgba="0.95 0.82 0.1 1"/>
    </body>
    <body name="orange_ball" mocap="true">
      <geom name="orange_ball" type="sphere" size="${ballRadius}" rgba="0.96 0.5 0.08 1"/>
      <geom name="orange_post" type="capsule" fromto="0 0 -0.02 0 0 -0.2" size="0.007"
        rgba="0.3 0.3 0.32 1"/>
    </body>
  </worldbody>
  <contact>
    <exclude body1="finger_left" body2="finger_right"/>
  </contact>
  <actuator>
    <position joint="hand_x" kp="1500" dampratio="1"/>
    <position joint="hand_y" kp="1500" dampratio="1"/>
    <position joint="hand_z" kp="1500" dampratio="1"/>
    <position joint="roll" kp="20" dampratio="1"/>
    <position joint="pitch" kp="20" dampratio="1"/>
    <position joint="yaw" kp="20" dampratio="1"/>
    <position joint="finger_left" kp="400" kv="20" forcerange="-12 12"/>
    <position joint="finger_right" kp="400" kv="20" forcerange="-12 12"/>
  </actuator>
</mujoco>`;
