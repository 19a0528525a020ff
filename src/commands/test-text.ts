import type { CaseResult, Difference } from '../mapping-test/index.ts';
import { wrap } from '../terminal/text.ts';

/** The cases of one file, those that differ with what was expected, what was found, and why. */
export function fileLines(
  { cases, file }: { readonly cases: readonly CaseResult[]; readonly file: string },
  width: number,
): readonly string[] {
  if (cases.length === 0) return [];
  return [file, ...cases.flatMap((one) => caseLines(one, width)), ''];
}

function caseLines({ differences, name }: CaseResult, width: number): readonly string[] {
  const lines = wrap(`  ${differences.length === 0 ? '✓' : '✗'} ${name}`, width, '    ');
  return [...lines, ...differences.flatMap((one) => differenceLines(one, width))];
}

function differenceLines(difference: Difference, width: number): readonly string[] {
  const { because, expected, found, position, what, when } = difference;
  const rows: readonly (readonly [string, string])[] = [
    ['expected', expected],
    ['found', found],
    ...(because === null ? [] : [['because', because] as const]),
  ];
  return [
    `      ${position.file}:${position.line}:${position.column}: ${what}${when === null ? '' : ` on ${when}`}`,
    ...rows.flatMap(([label, text]) =>
      text
        .split('\n')
        .flatMap((line, index) =>
          wrap(`        ${(index === 0 ? label : '').padEnd(9)} ${line}`, width, ' '.repeat(18)),
        ),
    ),
  ];
}
