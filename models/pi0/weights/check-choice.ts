import { badPi0Option } from '../errors.ts';

/** Throws unless an option is one of the known words. @throws `pi0-option` */
export function checkChoice(
  op: string,
  option: string,
  value: string,
  known: readonly string[],
): void {
  if (known.includes(value)) return;
  throw badPi0Option(op, option, `'${value}'`, `one of ${known.join(', ')}`);
}
