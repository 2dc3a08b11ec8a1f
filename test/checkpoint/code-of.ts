import { EnerjaxError } from '../../core/base/errors.ts';

/** The error that `run` throws, at once or later. */
export async function errorOf(run: () => unknown): Promise<EnerjaxError> {
  try {
    await run();
  } catch (error) {
    if (error instanceof EnerjaxError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

/** The code of the error that `run` throws, at once or later. */
export const codeOf = async (run: () => unknown): Promise<string> => (await errorOf(run)).code;
