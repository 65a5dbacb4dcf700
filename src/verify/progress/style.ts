/** How the page looks, light and dark, from a phone to a wide screen. It names no font, picture or script of elsewhere. */
export const STYLE = `
:root { color-scheme: light dark; --paper: #f6f7f9; --card: #fff; --ink: #16191d; --faint: #5b6470; --line: #dde1e6;
  --done: #1f8a4c; --skipped: #7fb893; --failed: #c8322b; --unknown: #d98a1f; --todo: #d3d8de; --rate: #2f6fd0;
  --alarm: #fdecea; --alarm-ink: #8c1d18 }
@media (prefers-color-scheme: dark) {
  :root { --paper: #101316; --card: #191d22; --ink: #e8ebee; --faint: #9aa4af; --line: #2c333b;
    --done: #35b06a; --skipped: #2c6b46; --failed: #ee6a61; --unknown: #e5a445; --todo: #38414b; --rate: #6ea1f2;
    --alarm: #3a1715; --alarm-ink: #ffb4ad }
}
* { box-sizing: border-box }
body { margin: 0; padding: 1rem; background: var(--paper); color: var(--ink);
  font: 16px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; overflow-wrap: anywhere }
main { max-width: 64rem; margin: 0 auto; display: grid; gap: 1rem }
main > * { min-width: 0 }
h1 { font-size: 1.15rem; margin: 0 }
h2 { font-size: 1rem; margin: 0 0 .75rem }
header { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 1rem; align-items: baseline }
time, .faint { color: var(--faint); font-size: .875rem }
section { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: 1rem }
.alarm { background: var(--alarm); color: var(--alarm-ink); border-color: currentColor }
.alarm ul { margin: 0; padding-left: 1.2rem }
.percent { font-size: 2.6rem; font-weight: 650; line-height: 1.1; font-variant-numeric: tabular-nums }
.bar { display: flex; height: .8rem; border-radius: .4rem; overflow: hidden; background: var(--todo); margin: .4rem 0 }
.bar.large { height: 1.1rem; margin: .8rem 0 }
.bar i { display: block; min-width: 2px }
.done { background: var(--done) } .skipped { background: var(--skipped) } .failed { background: var(--failed) }
.unknown { background: var(--unknown) } .todo { background: var(--todo) }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(7.5rem, 1fr)); gap: .75rem; margin: .8rem 0 0 }
dt { color: var(--faint); font-size: .8rem } dd { margin: 0; font-size: 1.15rem; font-weight: 600; font-variant-numeric: tabular-nums }
.key { display: flex; flex-wrap: wrap; gap: .2rem .9rem; margin: 0 0 .6rem; font-size: .8rem; color: var(--faint) }
.key i { display: inline-block; width: .7rem; height: .7rem; border-radius: .2rem; margin-right: .35rem; vertical-align: -.05rem }
svg { display: block; width: 100%; height: 7rem; fill: var(--rate); border-bottom: 1px solid var(--line) }
.axis { display: flex; justify-content: space-between; gap: 1rem }
ol { list-style: none; margin: 0; padding: 0 }
ol > li { padding: .6rem 0; border-top: 1px solid var(--line) }
ol > li:first-child { border-top: 0; padding-top: 0 } ol > li:last-child { padding-bottom: 0 }
.top { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 1rem }
.name { font-weight: 550; min-width: 0 }
.tag { font-size: .8rem; font-weight: 600; white-space: nowrap }
.tag.failed, .tag.offline { background: none; color: var(--failed) }
.tag.completed, .tag.live { color: var(--done) } .tag.stale, .tag.stuck { color: var(--unknown) }
.tag.pending, .tag.ended { color: var(--faint) } .tag.in-progress { color: var(--rate) }
code { font: .85em ui-monospace, SFMono-Regular, Menlo, monospace }
.hosts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(16rem, 100%), 1fr)); gap: .9rem 1.5rem }
@media (max-width: 30rem) { body { padding: .6rem } section { padding: .8rem } }
`
