/** Pieces of a man page, in the man macros (groff_man(7)). Pure. */

/** Text in which roff sees no command: neither in a backslash nor in a dot or quote at the beginning of a line. */
export function escaped(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('^', '\\(ha')
    .replaceAll('~', '\\(ti')
    .replaceAll('`', '\\(ga')
    .replaceAll("'", '\\(aq')
    .replaceAll(/^\./gm, '\\&.')
}

/** Markdown's backquotes become bold. */
export function prose(text: string): string {
  return text
    .split(/`([^`]+)`/)
    .map((part, at) => (at % 2 === 1 ? `\\fB${escaped(part)}\\fR` : escaped(part)))
    .join('')
}

export function heading(name: string): string {
  return `.SH ${name}`
}

export function paragraph(text: string): string {
  return `.PP\n${text}`
}

/** A term with its text beside or below it. */
export function item(term: string, text: string): string {
  return `.TP\n\\fB${escaped(term)}\\fR\n${text}`
}

/** What one types, with what it does. */
export function example(command: string, says: string): string {
  return `.PP\n${escaped(says)}:\n.PP\n.nf\n.RS\n${escaped(command)}\n.RE\n.fi`
}

export function references(names: readonly string[]): string {
  return names.map((name, at) => `.BR ${escaped(name)} (1)${at < names.length - 1 ? ' ,' : ''}`).join('\n')
}
