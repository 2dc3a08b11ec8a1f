/** Numbers as people read them in logs, tables and charts. */

/**
 * A number in at most `digits` significant digits, without trailing zeros. Whole digits are never
 * rounded away; very large and very small numbers are written as 1.2e-7.
 */
export function showNumber(value: number, digits = 4): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e7)) {
    const [mantissa = '', exponent = ''] = value.toExponential(digits - 1).split('e');
    return `${Number(mantissa)}e${Number(exponent)}`;
  }
  return String(size >= 10 ** digits ? Math.round(value) : Number(value.toPrecision(digits)));
}

/** A duration as m:ss, or h:mm:ss from an hour on. */
export function showDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const two = (n: number): string => String(n).padStart(2, '0');
  const [hours, minutes, rest] = [
    Math.floor(whole / 3600),
    Math.floor(whole / 60) % 60,
    whole % 60,
  ];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}
