/** The look of the report page. */
export const STYLE = `
:root { --back: #f6f7f9; --card: #fff; --text: #1b2330; --faint: #5c6778; --line: #dde2ea; --bar: #3867d6; --good: #1d8a55; --bad: #c4314b; }
@media (prefers-color-scheme: dark) {
  :root { --back: #12161d; --card: #1a202a; --text: #e6eaf0; --faint: #97a3b4; --line: #2d3644; --bar: #7aa2ff; --good: #4cc38a; --bad: #ff7a8f; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--text); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 1040px; margin: 0 auto; padding: 32px 20px 64px; }
h1 { font-size: 26px; margin: 0; }
h2 { font-size: 17px; margin: 0 0 12px; }
header p, .note { color: var(--faint); margin: 4px 0 0; }
.note { margin: -8px 0 12px; font-size: 13px; }
section, .tiles > div { background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
section { padding: 20px; margin-top: 16px; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(160px, 1fr)); gap: 12px; margin: 20px 0 0; }
.tiles > div { padding: 14px 16px; }
dt { color: var(--faint); font-size: 13px; }
dd { margin: 2px 0 0; font-size: 22px; font-weight: 600; font-variant-numeric: tabular-nums; }
.bad dd { color: var(--bad); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
th, td { text-align: left; padding: 7px 14px 7px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
thead th { color: var(--faint); font-weight: 500; white-space: nowrap; }
tbody tr:last-child > * { border-bottom: 0; }
td code { display: inline-block; min-width: 10em; font-size: 12.5px; overflow-wrap: anywhere; }
time, .number { font-variant-numeric: tabular-nums; white-space: nowrap; }
.counts th { font-weight: 500; width: 150px; }
.counts .number { text-align: right; width: 60px; }
.bar { padding-right: 0; vertical-align: middle; }
.bar span { display: block; height: 12px; border-radius: 3px; background: var(--bar); }
.bar .good { background: var(--good); }
.bar .bad { background: var(--bad); }
.chart { width: 100%; height: auto; display: block; }
.chart text { fill: var(--faint); font-size: 12px; text-anchor: middle; }
.chart .axis { text-anchor: end; }
.chart .value { fill: var(--text); font-weight: 600; }
.grid line { stroke: var(--line); }
.bars rect { fill: var(--bar); }
@media print { body { background: none; } section, .tiles > div { break-inside: avoid; } }
`;
