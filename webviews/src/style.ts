/** Colours come from the host's theme (VS Code, JupyterLab), else from the system's; text sizes from the host. */
export const style = `
:host { display: block; }
.skewproof-view {
  --skewproof-text: var(--vscode-foreground, var(--jp-content-font-color1, light-dark(#1f2328, #e6edf3)));
  --skewproof-muted: var(--vscode-descriptionForeground, var(--jp-content-font-color2, light-dark(#59636e, #a6b0ba)));
  --skewproof-line: var(--vscode-contrastBorder, var(--vscode-panel-border, var(--jp-border-color2, light-dark(#d0d7de, #3d444d))));
  --skewproof-link: var(--vscode-textLink-foreground, var(--jp-content-link-color, light-dark(#0b5cad, #79b8ff)));
  --skewproof-hover: var(--vscode-list-hoverBackground, var(--jp-layout-color2, light-dark(#f0f3f6, #21262d)));
  --skewproof-focus: var(--vscode-focusBorder, var(--jp-brand-color1, light-dark(#0b5cad, #79b8ff)));
  --skewproof-reference: var(--vscode-charts-blue, #2f81d6);
  --skewproof-current: var(--vscode-charts-orange, #c96a00);
  color: var(--skewproof-text);
  line-height: 1.5;
  max-width: 72rem;
  container-type: inline-size;
}
h2 { font-size: 1.3em; margin: 0 0 .25em; font-weight: 600; overflow-wrap: anywhere; }
h3 { font-size: 1em; margin: 1.5em 0 .5em; font-weight: 600; }
p { margin: 0 0 1em; }
.muted { color: var(--skewproof-muted); }
code, .meaning { font-family: var(--vscode-editor-font-family, var(--jp-code-font-family, ui-monospace, monospace)); font-size: .93em; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: inherit; }
th, td { text-align: left; padding: .3em 1.2em .3em 0; border-bottom: 1px solid var(--skewproof-line); vertical-align: top; font-weight: normal; }
thead th { color: var(--skewproof-muted); white-space: nowrap; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
tbody tr:hover { background: var(--skewproof-hover); }
tbody tr[aria-current="true"] { background: var(--skewproof-hover); box-shadow: inset 3px 0 var(--skewproof-focus); }
tr[aria-current="true"] th { padding-left: .6em; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25em 1.5em; margin: 0 0 1em; }
dt { color: var(--skewproof-muted); }
dd { margin: 0; overflow-wrap: anywhere; }
button, .link { font: inherit; color: var(--skewproof-link); background: none; border: 0; padding: 0; cursor: pointer; text-align: left; overflow-wrap: anywhere; }
button:hover { text-decoration: underline; }
button:focus-visible, input:focus-visible { outline: 2px solid var(--skewproof-focus); outline-offset: 2px; }
button.act { border: 1px solid var(--skewproof-link); border-radius: 3px; padding: .2em .8em; white-space: nowrap; }
input[type="search"] { font: inherit; color: inherit; width: 100%; max-width: 24rem; box-sizing: border-box; padding: .35em .6em; margin-bottom: 1em;
  background: var(--vscode-input-background, var(--jp-layout-color0, transparent)); border: 1px solid var(--vscode-input-border, var(--skewproof-line)); border-radius: 3px; }
.service { display: flex; flex-wrap: wrap; gap: .3em 1em; align-items: center; margin: 0 0 1em; }
.lineage { display: grid; grid-template-columns: minmax(0, 1fr) auto minmax(0, 1fr) auto minmax(0, 1fr); gap: .75em; align-items: center; max-width: 52rem; }
.lineage ul { list-style: none; margin: 0; padding: 0; display: grid; gap: .4em; }
.lineage li, .lineage .self { border: 1px solid var(--skewproof-line); border-radius: 3px; padding: .25em .6em; overflow-wrap: anywhere; }
.lineage .self { border-color: var(--skewproof-focus); font-weight: 600; }
.lineage li small { color: var(--skewproof-muted); display: block; font-size: .85em; }
.chart svg { max-width: 100%; height: auto; }
.verdict { white-space: nowrap; }
.remarks { list-style: none; margin: 0 0 1em; padding: 0; color: var(--skewproof-muted); }
.chips { display: flex; flex-wrap: wrap; gap: .4em; margin: 0 0 1em; }
button.chip { color: var(--skewproof-text); border: 1px solid var(--skewproof-line); border-radius: 1em; padding: .15em .8em; }
button.chip:hover { background: var(--skewproof-hover); text-decoration: none; }
button.chip[aria-pressed="true"] { border-color: var(--skewproof-focus); outline: 1px solid var(--skewproof-focus); outline-offset: -2px; font-weight: 600; }
button.chip[aria-pressed="true"]:focus-visible { outline-width: 2px; outline-offset: 2px; }
.cause { white-space: nowrap; margin-right: .8em; }
.chip .count { font-variant-numeric: tabular-nums; color: var(--skewproof-muted); margin-left: .3em; }
.sides th[scope="row"], .skew-features :is(th[scope="row"], button) { overflow-wrap: break-word; max-width: 22em; }
.sides th[scope="row"] { padding-left: .6em; }
.skew-features th[scope="row"] { min-width: 10em; }
.sides .value { font-family: var(--vscode-editor-font-family, var(--jp-code-font-family, ui-monospace, monospace)); font-size: .93em; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; max-width: 18em; }
.sides .differs { font-weight: 700; }
.sides .value { padding-left: .6em; }
.sides td.differs:nth-child(2) { border-left: 3px solid var(--skewproof-current); }
.sides td.differs:nth-child(3) { border-left: 3px solid var(--skewproof-reference); }
.sides .extra { color: var(--skewproof-muted); white-space: nowrap; }
.mark { color: var(--skewproof-current); margin-right: .4em; font-weight: 700; }
.steps { display: flex; gap: .8em; align-items: center; }
summary { cursor: pointer; margin: 1em 0 .4em; }
.names code { margin-right: .6em; }
.error { border-left: 3px solid var(--vscode-errorForeground, #c62828); padding-left: 1em; white-space: pre-wrap; overflow-wrap: anywhere; }
@container (max-width: 34rem) {
  .features :is(th, td):nth-child(n+3) { display: none; }
  .features td:nth-child(2) { white-space: nowrap; }
  .sides .extra, .skew-features :is(th, td):nth-child(2), .skew-features :is(th, td):nth-child(4) { display: none; }
  .sides th[scope="row"], .skew-features :is(th[scope="row"], button) { min-width: 0; max-width: 9em; }
  .lineage { grid-template-columns: minmax(0, 1fr); }
  .lineage .arrow { transform: rotate(90deg); justify-self: start; }
  dl { grid-template-columns: minmax(0, 1fr); gap: 0; }
  dd { margin-bottom: .5em; }
}
`;
