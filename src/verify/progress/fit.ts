/** Lines as a terminal shows them: what is wider than it would wrap, and what was drawn in place would scroll away. Pure. */

/** Two cells: East Asian writing, its full-width forms, and pictures. */
const WIDE =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Bopomofo}\p{Emoji_Presentation}\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]/u
/** No cell: what is put upon the one before it, and marks that are not seen. */
const NARROWEST = /[\p{Mn}\p{Me}\p{Cf}]/u

/** As much of the beginning as so many cells hold; no character is cut in two. */
export function fit(line: string, columns: number): string {
  let cells = 0
  let end = 0
  for (const char of line) {
    cells += NARROWEST.test(char) ? 0 : WIDE.test(char) ? 2 : 1
    if (cells > columns) break
    end += char.length
  }
  return line.slice(0, end)
}
