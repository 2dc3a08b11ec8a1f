import * as np from '../core/numpy/index.ts';
const x = np.array([[1, 2, 3], [4, 5, 6]]);
console.log(String(x.toString()), np.sum(x, { axis: 1 }).toString(), np.matmul(x, np.transpose(x)).toString());
console.log(np.einsum('ij,kj->ik', x, x).toString());
