import type { Analysis, Interval } from '../analysis/index.ts';
import { clean } from '../terminal/text.ts';

/** A titled part of the page; nothing for null, so that a section without a meaning leaves no trace. */
export function section(title: string, lines: readonly string[] | null): readonly string[] {
  return lines === null ? [] : ['', title, ...lines];
}

/** Names of stages as people know them. */
export function labels(analysis: Analysis): (stage: string | null) => string {
  const known = new Map(analysis.stages.map(({ stage, label }) => [stage, clean(label)]));
  return (stage) => (stage === null ? 'no stage' : (known.get(stage) ?? clean(stage)));
}

/** `42%`; with a decimal below 10. */
export function percent(share: number): string {
  const value = share * 100;
  return `${value !== 0 && value < 9.95 ? value.toFixed(1) : Math.round(value)}%`;
}

/** `71`, `7.1`. */
export function number(value: number): string {
  return Math.abs(value) < 9.95 && !Number.isInteger(value) ? value.toFixed(1) : String(Math.round(value));
}

/** `1 day`, `3.5 days`, `120 days`; below a day in hours. */
export function dayCount(value: number): string {
  if (value < 0.95) return hourCount(value * 24);
  const text = number(value);
  return text === '1' || text === '1.0' ? '1 day' : `${text} days`;
}

/** `4 hours`, `3 days`. */
export function hourCount(value: number): string {
  if (value >= 48) return dayCount(value / 24);
  if (value > 0 && value < 0.95) return 'under 1 hour';
  const text = number(value);
  return text === '1' || text === '1.0' ? '1 hour' : `${text} hours`;
}

/** `2.4 times (1.3 to 4.4)`, and whether that is more than chance makes likely. */
export function times({ value, low, high, beyondChance }: Interval): string {
  const range = `${number2(value)} times (${number2(low)} to ${number2(high)})`;
  return beyondChance ? range : `${range}: may be chance`;
}

function number2(value: number): string {
  return value < 9.95 ? value.toFixed(1) : String(Math.round(value));
}
