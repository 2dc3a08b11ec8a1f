/** enerjax as the cases see it. */
import type * as enerjax from '../../index.ts';
import type * as energy from '../../models/energy/index.ts';
import type { Body } from '../case.ts';

/** The library and the energy model. */
export type Enerjax = typeof enerjax & { readonly energy: typeof energy };

/** An array. */
export type EnerjaxArray = enerjax.np.Array;

/** A case in enerjax. */
export type EnerjaxProgram = (library: Enerjax) => Body<EnerjaxArray>;
