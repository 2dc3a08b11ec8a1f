/** The line above a chart that says what its marks mean. */
import { escapeHtml } from './html.ts';

/** The colour of the n-th series, which follows the reader's light or dark setting. */
export const seriesColor = (index: number): string => `var(--series-${(index % 5) + 1})`;

const symbol = (shape: string): string =>
  `<svg width="18" height="14" viewBox="0 0 18 14" aria-hidden="true">${shape}</svg>`;

const key = (mark: string, name: string): string =>
  `<span class="key">${mark}${escapeHtml(name)}</span>`;

/** A line and its name. */
export const lineKey = (color: string, name: string): string =>
  key(
    symbol(`<path d="M1 7H17" stroke="${color}" stroke-width="3" stroke-linecap="round"/>`),
    name,
  );

/** A filled area and its name. */
export const areaKey = (color: string, name: string): string =>
  key(
    symbol(
      `<rect x="2" y="1" width="14" height="12" rx="2" stroke="${color}" fill="${color}" ` +
        'fill-opacity=".5"/>',
    ),
    name,
  );

/** A round mark and its name. */
export const dotKey = (fill: string, stroke: string, name: string): string =>
  key(
    symbol(`<circle cx="9" cy="7" r="5" fill="${fill}" stroke="${stroke}" stroke-width="2"/>`),
    name,
  );

/** A five-pointed star and its name. */
export const starKey = (fill: string, stroke: string, name: string): string => {
  const corners = Array.from({ length: 10 }, (_, i) => {
    const radius = i % 2 === 0 ? 7 : 2.8;
    const angle = (Math.PI * i) / 5;
    const [x, y] = [9 + radius * Math.sin(angle), 7.4 - radius * Math.cos(angle)];
    return `${x.toFixed(2)},${y.toFixed(2)}`;
  });
  const points = corners.join(' ');
  return key(symbol(`<polygon points="${points}" fill="${fill}" stroke="${stroke}"/>`), name);
};

/** A ramp of colours between two values. */
export function rampKey(
  colors: readonly string[],
  low: string,
  high: string,
  name: string,
): string {
  const gradient = `linear-gradient(to right, ${colors.join(', ')})`;
  const ramp = `<span class="ramp" style="background:${gradient}"></span>`;
  return `<span class="key">${escapeHtml(`${name}: ${low}`)}${ramp}${escapeHtml(high)}</span>`;
}
