/** Operations over named axes: what the members of a `vmap(f, { axisName })` compute together. */
export {
  allGather,
  allToAll,
  axisIndex,
  axisSize,
  ppermute,
  pshuffle,
  psumScatter,
  pswapaxes,
  type TileOptions,
} from './exchange.ts';
export { type AxisNames, pmax, pmean, pmin, psum } from './reductions.ts';
