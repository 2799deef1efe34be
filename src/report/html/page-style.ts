/** The look of the page, in light and dark and on paper. */
export const pageStyle = `
:root { color-scheme: light dark; --back: #fff; --text: #1b1b1f; --quiet: #5c5f66; --line: #d5d7dc; --soft: #f4f5f7;
  --deadlock: #b3261e; --suspected: #8e24aa; --warn: #8a5a00; --good: #1b6e3c; --link: #0b57d0 }
@media (prefers-color-scheme: dark) {
  :root { --back: #17181b; --text: #e6e6ea; --quiet: #a0a4ad; --line: #3a3d44; --soft: #202226;
    --deadlock: #ff8a80; --suspected: #e1a6f5; --warn: #f2c069; --good: #7fd6a0; --link: #8ab4f8 } }
* { box-sizing: border-box }
body { margin: 0 auto; padding: 1.5rem; max-width: 72rem; background: var(--back); color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere }
h1 { font-size: 1.5rem; line-height: 1.3; margin: 0 0 .5rem } h2 { font-size: 1.2rem; margin: 2rem 0 .5rem } h3 { font-size: 1rem }
a { color: var(--link) }
:focus-visible, :target { outline: 2px solid var(--link); outline-offset: 2px }
code { font: .9em/1.5 ui-monospace, monospace }
.status { font-size: .75em; font-weight: 700; text-transform: uppercase; letter-spacing: .04em; padding: .1em .5em;
  border: 1px solid; border-radius: .4em; color: var(--good) }
.status.deadlock { color: var(--deadlock) } .status.suspected { color: var(--suspected) }
.status.blocked, .status.busy { color: var(--warn) }
.facts { list-style: none; padding: 0; margin: 0 }
.quiet, .note, figcaption { color: var(--quiet); font-size: .9em }
.finding { border-left: 3px solid var(--line); padding-left: 1rem; margin: 1rem 0 } .finding p { margin: .4rem 0 }
figure { margin: 1.5rem 0 }
.picture { overflow: auto; max-height: 80vh; border: 1px solid var(--line); border-radius: .5rem; padding: 1rem }
.picture svg { display: block; margin: 0 auto; max-width: 100%; height: auto }
.picture text { fill: var(--text); font-family: Arial, Helvetica, 'Liberation Sans', sans-serif } .picture path, .picture ellipse { stroke: var(--quiet) }
.picture polygon { stroke: var(--quiet); fill: var(--quiet) }
.picture .blamed path, .picture .blamed ellipse, .picture .blamed polygon { stroke: var(--deadlock) }
.picture .blamed polygon, .picture .blamed text { fill: var(--deadlock) }
.group { border: 1px solid var(--line); border-radius: .5rem; margin: .5rem 0; content-visibility: auto;
  contain-intrinsic-size: auto 2.6rem }
.group > summary { padding: .5rem .75rem; background: var(--soft); border-radius: .5rem; cursor: pointer }
.threads { margin: .5rem 1rem; padding-left: 1rem; max-height: 20rem; overflow: auto }
.group > .quiet { margin: .5rem 1rem }
.stack { margin: .5rem 1rem 1rem; padding-left: 2rem } .stack li { margin: .2rem 0 }
.place { color: var(--quiet) }
.source { display: block; white-space: pre-wrap; border-left: 2px solid var(--line); padding-left: .6rem; color: var(--quiet) }
.search { display: none } .scripted .search { display: block }
.copy { margin-left: .4rem; cursor: pointer } .copy::before { content: 'copy' } .copy.copied::before { content: 'copied' }
.copy, input { font: inherit; font-size: .8em; color: inherit; background: none; border: 1px solid var(--line); border-radius: .3rem }
input { font-size: 1rem; padding: .3rem .5rem; width: min(24rem, 100%) }
[hidden] { display: none }
@media print { .copy, .search { display: none !important } body { max-width: none; padding: 0 }
  .picture, .threads { max-height: none; overflow: visible } .group { content-visibility: visible; break-inside: avoid } }
`
