type Piece =
  | { readonly kind: 'char'; readonly char: string }
  | { readonly kind: 'one' }
  | { readonly kind: 'many' };

function piecesOf(pattern: string): readonly Piece[] {
  const pieces: Piece[] = [];
  const chars = [...pattern.toLowerCase()];
  for (let index = 0; index < chars.length; index += 1) {
    const char = chars[index]!;
    if (char === '\\' && index + 1 < chars.length) {
      index += 1;
      pieces.push({ kind: 'char', char: chars[index]! });
    } else if (char === '%') pieces.push({ kind: 'many' });
    else if (char === '_') pieces.push({ kind: 'one' });
    else pieces.push({ kind: 'char', char });
  }
  return pieces;
}

/** A LIKE pattern as a test, without regard to case. Walks with one place to fall back to, so that no pattern
 *  takes longer than pattern times text. */
export function likeTest(pattern: string): (text: string) => boolean {
  const pieces = piecesOf(pattern);
  return (text) => {
    const chars = [...text.toLowerCase()];
    let at = 0;
    let piece = 0;
    let star = -1;
    let starAt = 0;
    while (at < chars.length) {
      const current = pieces[piece];
      if (current?.kind === 'many') {
        star = piece;
        starAt = at;
        piece += 1;
      } else if (current?.kind === 'one' || (current?.kind === 'char' && current.char === chars[at])) {
        at += 1;
        piece += 1;
      } else if (star >= 0) {
        piece = star + 1;
        starAt += 1;
        at = starAt;
      } else {
        return false;
      }
    }
    while (pieces[piece]?.kind === 'many') piece += 1;
    return piece === pieces.length;
  };
}
