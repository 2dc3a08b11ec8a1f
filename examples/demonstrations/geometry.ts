/** The little 3-D geometry that the demonstrations need. */

/** A point or direction in metres. */
export type Vec3 = readonly [number, number, number];

/** Position and roll, pitch, yaw of the hand: the rotation is Rz(yaw) · Ry(pitch) · Rx(roll). */
export type HandPose = readonly [number, number, number, number, number, number];

/** `value` moved into [low, high]. */
export const clamp = (value: number, low: number, high: number): number =>
  Math.min(high, Math.max(low, value));

/** a - b. */
export const minus = (a: Vec3, b: Vec3): Vec3 => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];

/** Euclidean length of the horizontal part. */
export const flatLength = (v: Vec3): number => Math.sqrt(v[0] * v[0] + v[1] * v[1]);

/** `angle` plus the multiple of `period` that brings it into [-period/2, period/2]. */
export const wrap = (angle: number, period = 2 * Math.PI): number =>
  angle - period * Math.round(angle / period);

/** The rotation vector (axis · angle, radians) of Rz(yaw) · Ry(pitch) · Rx(roll). */
export function rotationVector(roll: number, pitch: number, yaw: number): Vec3 {
  const [cr, cp, cy] = [Math.cos(roll / 2), Math.cos(pitch / 2), Math.cos(yaw / 2)];
  const [sr, sp, sy] = [Math.sin(roll / 2), Math.sin(pitch / 2), Math.sin(yaw / 2)];
  const w = cr * cp * cy + sr * sp * sy;
  const x = sr * cp * cy - cr * sp * sy;
  const y = cr * sp * cy + sr * cp * sy;
  const z = cr * cp * sy - sr * sp * cy;
  const sine = Math.sqrt(x * x + y * y + z * z);
  // Near the identity the quotient angle / sine tends to 2.
  const scale = sine < 1e-9 ? 2 : (2 * Math.atan2(sine, w)) / sine;
  return [x * scale, y * scale, z * scale];
}
