/**
 * Coefficients of rational approximations, highest power first, as float32 numbers.
 *
 * @see Moshier 1989, "Methods and programs for mathematical functions" (the Cephes library); Cody, Paciorek &
 *   Thacher 1970 for Dawson's integral.
 */

/** The two polynomials of a quotient. */
export interface Quotient {
  readonly above: readonly number[];
  readonly below: readonly number[];
}

/** Dawson's integral below 3.25. */
export const dawsonNear: Quotient = {
  above: [
    1.13681499e-11, 8.4926227e-10, 1.94434204e-8, 9.5315174e-7, 3.078283e-6, 0.00035251337,
    -0.00085014985, 0.0422618223, -0.09174804, 1,
  ],
  below: [
    2.40372073e-11, 1.4886468e-9, 5.2126528e-8, 1.2725848e-6, 2.3249025e-5, 0.00032552474,
    0.00348805815, 0.027944853, 0.15887424, 0.5749186, 1,
  ],
};

/** From there to 6.25. */
export const dawsonMiddle: Quotient = {
  above: [
    0.5089552, -0.24475442, 0.094151234, -0.021871126, 0.003662076, -0.0004232091, 3.596413e-5,
    -2.14640352e-6, 9.100108e-8, -2.4027452e-9, 3.59233385e-11,
  ],
  below: [
    1, -0.6318399, 0.2367068, -0.0531806367, 0.0084804172, -0.00094799677, 7.810256e-5,
    -4.5587515e-6, 1.8910036e-7, -4.9132469e-9, 7.184664e-11,
  ],
};

/** Above. */
export const dawsonFar: Quotient = {
  above: [-0.59059286, 0.62923524, -0.172858975, 0.016483705, -0.0004868276],
  below: [1, -2.69820057, 1.732708, -0.3937086, 0.034427892, -0.0009736552],
};

/** Spence's function near 1. */
export const dilogarithm: Quotient = {
  above: [4.6512859e-5, 0.0073158905, 0.13384764, 0.8796913, 2.7114985, 4.25697156, 3.2977134, 1],
  below: [0.0006909905, 0.025404376, 0.28297486, 1.411726, 3.6380053, 5.0327888, 3.5477134, 1],
};

/** The sine integral up to 4. */
export const sineNear: Quotient = {
  above: [-8.391678e-11, 4.625917e-8, -9.757593e-6, 0.0009769454, -0.04134703, 1],
  below: [2.03269266e-12, 1.2799789e-9, 4.4182784e-7, 9.964121e-5, 0.014208524, 1],
};

/** The cosine integral up to 4. */
export const cosineNear: Quotient = {
  above: [2.02524e-11, -1.352495e-8, 3.5932505e-6, -0.00047400721, 0.028915965, -1],
  below: [4.0774604e-12, 3.06781e-9, 1.2321035569e-6, 0.00031744202, 0.051002806, 4],
};

/** Its auxiliary function f from 4 to 8. */
export const sineMiddle: Quotient = {
  above: [4.236129, 5.4593772, 1.6208329, 0.16700661, 0.0068102013, 0.00010893658, 5.4890022e-7],
  below: [
    1, 8.1649663, 7.308288, 1.8679226, 0.178792053, 0.0070171067, 0.00011003436, 5.4890025e-7,
  ],
};

/** Its auxiliary function g from 4 to 8. */
export const cosineMiddle: Quotient = {
  above: [
    0.08710017, 0.6113791, 0.3971803, 0.07485277, 0.005388687, 0.0001619998, 1.9796387e-6,
    7.8257904e-9,
  ],
  below: [
    1, 1.644022, 0.6662967, 0.09887718, 0.0062239635, 0.00017322108, 2.0265918e-6, 7.8257922e-9,
  ],
};

/** f above 8. */
export const sineFar: Quotient = {
  above: [
    0.45588087, 0.71371527, 0.16030016, 0.011606423, 0.00034955644, 4.862154e-6, 3.200928e-8,
    9.417796e-11, 9.705071e-14,
  ],
  below: [
    1, 0.9174636, 0.17868555, 0.01222536, 0.00035869648, 4.924351e-6, 3.2195694e-8, 9.437206e-11,
    9.705071e-14,
  ],
};

/** g above 8. */
export const cosineFar: Quotient = {
  above: [
    0.69736, 0.330411, 0.038487877, 0.0017171824, 3.4894117e-5, 3.4713117e-7, 1.70404453e-9,
    3.859459e-12, 3.140401e-15,
  ],
  below: [
    1, 1.68548899, 0.48785226, 0.04679132, 0.0019028443, 3.68475504e-5, 3.5704322e-7, 1.7269375e-9,
    3.8783017e-12, 3.140401e-15,
  ],
};

/** Fresnel's sine integral near 0. */
export const fresnelSine: readonly number[] = [
  1.6476295e-9, -1.5227548e-7, 8.424749e-6, -0.0003120693, 0.0072447276, -0.09228056, 0.5235988,
];

/** Fresnel's cosine integral near 0. */
export const fresnelCosine: readonly number[] = [
  1.4168025e-8, -1.1572314e-6, 5.3872234e-5, -0.0016043818, 0.02818489, -0.24673982, 1,
];

/** Their auxiliary function f. */
export const fresnelF: readonly number[] = [
  -1.9030099e12, 1.3559424e11, -4.15814315e9, 73438485, -873235.7, 8560.5155, -103.28776, 2.9994018,
];

/** Their auxiliary function g. */
export const fresnelG: readonly number[] = [
  -1.860844e11, 1.27835067e10, -3.7793877e8, 6492611.6, -77877.9, 860.29315, -14.934394, 0.9999842,
];

/** Points of the quadrature of Owen's T. @see Patefield & Tandy 2000, method T5. */
export const owenPoints: readonly number[] = [
  0.003508204, 0.031279042, 0.08526683, 0.16245072, 0.25851196, 0.36807554, 0.48501093, 0.60277514,
  0.71477884, 0.8147551, 0.8971103, 0.9572381, 0.9917883,
];

/** Weights of the quadrature of Owen's T. */
export const owenWeights: readonly number[] = [
  0.018831438, 0.0185670862, 0.018042093, 0.01726383, 0.01624322, 0.014994592, 0.013535474,
  0.011886352, 0.010070377, 0.008113055, 0.00604190095, 0.0038862217, 0.0016793031,
];
