/**
 * The examples of a page that a shell can run: fenced blocks. `sh` holds scripts, a paragraph each; `console` holds what
 * was typed behind `$ ` and what came out. An indented block is not run. Pure.
 */

export interface Step {
  readonly command: string
  /** stdout and stderr as they appear, with `[exit code N]` at the end where it is not 0; undefined when not shown */
  readonly output?: string
}

export interface Block {
  /** the line of the page on which it stands, for the test's name */
  readonly line: number
  /** what a hidden comment right above, `<!-- prepare ... -->`, has the shell do before */
  readonly prepare: string
  /** each runs on its own in a directory prepared anew, the steps of one in order in the same shell's directory */
  readonly scripts: readonly (readonly Step[])[]
}

const FENCED = /(?:^<!-- prepare\n(?<prepare>.*?)-->\n)?^```(?<language>sh|console)\n(?<body>.*?)^```$/gms

export function shellBlocks(page: string): Block[] {
  return [...page.matchAll(FENCED)].map(({ index, groups }) => toBlock(page, index, groups ?? {}))
}

function toBlock(
  page: string,
  index: number,
  { prepare = '', language, body = '' }: Record<string, string | undefined>,
): Block {
  return {
    line: page.slice(0, index).split('\n').length,
    prepare,
    scripts: language === 'sh' ? paragraphs(body) : [session(body)],
  }
}

function paragraphs(body: string): Step[][] {
  return body.split(/\n\n+/).map((paragraph) => [{ command: paragraph }])
}

function session(body: string): Step[] {
  return [...body.matchAll(/^\$ (.*)\n((?:(?!\$ ).*\n)*)/gm)].map(([, command = '', output = '']) => ({
    command,
    output,
  }))
}
