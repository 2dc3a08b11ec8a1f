/** What the user is told about a mistake. */
import { EnerjaxError } from '../../core/base/errors.ts';

/**
 * The message of the error that `mistake` raises, with the blamed line of this file in place of the
 * code frame: line numbers would change with every edit.
 */
export async function told(mistake: () => unknown): Promise<string> {
  const error = await Promise.resolve()
    .then(mistake)
    .then(
      () => new Error('nothing was raised'),
      (raised: unknown) => raised,
    );
  if (!(error instanceof EnerjaxError)) throw error;
  const blamed = /^ {2}> +\d+ \| *(.*)$/m.exec(error.message)?.[1] ?? 'no line';
  return `${error.what}  [${error.code}]\n> ${blamed}\nfix: ${error.fix}`;
}
