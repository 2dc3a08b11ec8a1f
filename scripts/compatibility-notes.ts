/** What scripts/compatibility-doc.ts cannot see in the code: other names, limits, reasons. */

const sized = 'the number of results must be given as { size }';

/** Names that are not the camel-case form of JAX's. */
export const ours: Readonly<Record<string, string>> = {
  'jax.numpy.ix_': 'ix_',
  'jax.random.PRNGKey': 'key',
  'jax.lax.bitwise_not': 'not',
  'jax.lax.bitwise_and': 'and',
  'jax.lax.bitwise_or': 'or',
  'jax.lax.bitwise_xor': 'xor',
  'jax.lax.broadcast_in_dim': 'broadcastInDim',
  'jax.lax.clz': 'countLeadingZeros',
  'jax.lax.population_count': 'populationCount',
  'jax.lax.erf_inv': 'erfInv',
  'jax.lax.is_finite': 'isFinite',
};

/** Names whose function does less than JAX's. */
export const limits: Readonly<Record<string, string>> = {
  'jax.numpy.argwhere': sized,
  'jax.numpy.bincount': 'the length must be given',
  'jax.numpy.choose': 'modes clip and wrap',
  'jax.numpy.compress': sized,
  'jax.numpy.correlate': 'of real numbers',
  'jax.numpy.delete': 'positions are plain numbers',
  'jax.numpy.extract': sized,
  'jax.numpy.finfo': 'of float32',
  'jax.numpy.flatnonzero': sized,
  'jax.numpy.gradient': 'always a list; no edge_order',
  'jax.numpy.insert': 'positions are plain numbers',
  'jax.numpy.intersect1d': sized,
  'jax.numpy.mask_indices': sized,
  'jax.numpy.nonzero': sized,
  'jax.numpy.partition': 'sorts the whole axis',
  'jax.numpy.argpartition': 'sorts the whole axis',
  'jax.numpy.polydiv': 'the remainder keeps its leading zeros',
  'jax.numpy.piecewise': 'every function sees the whole array',
  'jax.numpy.setdiff1d': sized,
  'jax.numpy.setxor1d': sized,
  'jax.numpy.union1d': sized,
  'jax.numpy.unique': `${sized}; no axis`,
  'jax.numpy.unique_all': sized,
  'jax.numpy.unique_counts': sized,
  'jax.numpy.unique_inverse': sized,
  'jax.numpy.unique_values': sized,
  'jax.numpy.linalg.det': 'the derivative is NaN at singular matrices larger than 3 × 3',
  'jax.numpy.linalg.svd': 'derivatives of the reduced form only',
  'jax.lax.reduce_window': 'add, max, min, mul; ties share the derivative of max and min',
};

/** Why names are missing, by their form; the first that fits. */
export const reasons: readonly (readonly [RegExp, string])[] = [
  [
    /complex|^(c_|cdouble|csingle|conj|conjugate|real|imag|angle|isreal|iscomplex|isrealobj|sort_complex|eig|eigvals|roots|schur|funm|sqrtm|expm|rsf2csf)$/,
    'needs complex numbers',
  ],
  [
    /^(float|bfloat|int|uint)\d|^(double|half|float_|int_|uint|single|longlong)$|e\dm\d/,
    'not among the element types, which have 32, 16 or 8 bits',
  ],
  [
    /^(load|save|savez|fromfile|frombuffer|fromstring|fromiter|from_dlpack|array_repr|array_str|printoptions|get_printoptions|set_printoptions)$/,
    'files and text are the host language’s',
  ],
  [
    /^(character|flexible|generic|inexact|integer|floating|number|object_|signedinteger|unsignedinteger|ufunc|frompyfunc|ndarray|dtype|issubdtype|ComplexWarning)$/,
    'no class hierarchy of types',
  ],
  [/^key_dtype$/, 'a key is uint32[2], which says nothing of the generator'],
  [
    /^(all_gather_(invariant|reduced)|pvary|pcast|pbroadcast|pgather|preduced|ragged_all_to_all|psend|precv|reduced_vary_cast|vary_unreduced_cast|unreduced.*|unreduce.*)$/,
    'for programs on several devices',
  ],
  [/_p$/, 'primitives are the functions themselves'],
];
