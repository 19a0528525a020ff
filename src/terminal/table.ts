import { clean, columns, cut, pad } from './text.ts';

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** May be cut when the terminal is narrow; the widest such column is cut first. */
  readonly flexible?: boolean;
}

/** A plain table: titles, a rule, rows. Numbers right, text left; fits the width. */
export function table(
  titles: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
): readonly string[] {
  const cells = rows.map((row) => titles.map((_, index) => clean(row[index] ?? '')));
  const widths = titles.map((column, index) =>
    Math.max(columns(column.title), ...cells.map((row) => columns(row[index] ?? ''))),
  );
  fit(titles, widths, width);
  const line = (row: readonly string[]): string =>
    row
      .map((cell, index) =>
        pad(cut(cell, widths[index]!), widths[index]!, titles[index]!.align === 'right' ? 'right' : 'left'),
      )
      .join('  ')
      .trimEnd();
  return [
    line(titles.map((column) => column.title)),
    widths
      .map((size) => '─'.repeat(size))
      .join('  ')
      .trimEnd(),
    ...cells.map(line),
  ];
}

function fit(titles: readonly Column[], widths: number[], width: number): void {
  const total = (): number => widths.reduce((sum, size) => sum + size, 0) + 2 * (widths.length - 1);
  while (total() > width) {
    let widest = -1;
    for (const [index, column] of titles.entries()) {
      if (
        column.flexible === true &&
        widths[index]! > 8 &&
        (widest === -1 || widths[index]! > widths[widest]!)
      )
        widest = index;
    }
    if (widest === -1) return;
    widths[widest]! -= 1;
  }
}

/** A bar of `size` columns for a share in [0, 1]; anything above nothing shows at least a sliver. */
export function bar(share: number, size: number): string {
  const eighths = Math.round(Math.min(1, Math.max(0, share)) * size * 8);
  const full = Math.floor(eighths / 8);
  const rest = eighths % 8;
  if (eighths === 0) return share > 0 ? '▏' : '';
  return '█'.repeat(full) + (rest === 0 ? '' : ('▏▎▍▌▋▊▉'[rest - 1] ?? ''));
}
