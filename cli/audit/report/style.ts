/** The look of the report page: light, dark, phone and print. */
export const STYLE = `
:root { color-scheme: light dark; --back: #f6f7f9; --card: #fff; --text: #1b2330; --faint: #5a6576; --line: #dde2ea; --bar: #3867d6; --good: #187a4b; --bad: #b8243f; --alert: #fdf0f2; }
@media (prefers-color-scheme: dark) {
  :root { --back: #12161d; --card: #1a202a; --text: #e6eaf0; --faint: #9aa6b7; --line: #2d3644; --bar: #7aa2ff; --good: #4cc38a; --bad: #ff8195; --alert: #2b1b22; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--text); font: 15px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
main { max-width: 1080px; margin: 0 auto; padding: 32px 20px 64px; }
h1 { font-size: 16px; font-weight: 600; color: var(--faint); margin: 0; }
h2 { font-size: 17px; margin: 0 0 12px; }
h3 { font-size: 15px; margin: 20px 0 6px; }
h3:first-of-type { margin-top: 0; }
.lead { font-size: 24px; line-height: 1.35; font-weight: 600; margin: 6px 0 10px; text-wrap: pretty; }
.note, .made { color: var(--faint); font-size: 13px; margin: 0 0 12px; }
.made { margin: 0; }
section { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 20px; margin-top: 16px; }
section > :last-child { margin-bottom: 0; }
.needs.some { background: var(--alert); border-color: var(--bad); }
.needs.some h2 { color: var(--bad); }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 0 16px; }
a { color: var(--bar); }
code { font: 12.5px/1.4 ui-monospace, monospace; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
th, td { text-align: left; padding: 7px 14px 7px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th:last-child, td:last-child { padding-right: 0; }
thead th { color: var(--faint); font-weight: 500; }
tbody tr:last-child > * { border-bottom: 0; }
time, .number { font-variant-numeric: tabular-nums; white-space: nowrap; }
details { margin-top: 8px; }
summary { cursor: pointer; color: var(--bar); }
.bars { list-style: none; margin: 0; padding: 0; }
.bars li { display: grid; grid-template-columns: 6.5em 1fr 4em; gap: 10px; align-items: center; padding: 3px 0; }
.bars .label { color: var(--faint); }
.bars .number { text-align: right; }
.track { display: block; height: 14px; }
.fill { display: block; height: 100%; background: var(--bar); border-radius: 3px; }
.columns { padding: 8px 0 0 40px; }
.plot { position: relative; height: 160px; }
.row { position: absolute; inset: 0; display: flex; align-items: stretch; gap: 2px; }
.column { flex: 1 1 0; min-width: 0; display: flex; flex-direction: column; justify-content: flex-end; }
.column .fill, .column .other { flex: none; border-radius: 2px 2px 0 0; }
.other { display: block; background: var(--bad); }
.tick { position: absolute; left: 0; right: 0; border-top: 1px solid var(--line); }
.tick span { position: absolute; right: 100%; margin-right: 8px; transform: translateY(-50%); color: var(--faint); font-size: 12px; white-space: nowrap; }
.axis { display: flex; justify-content: space-between; gap: 8px; color: var(--faint); font-size: 12px; margin-top: 6px; }
.key { display: inline-block; width: 10px; height: 10px; border-radius: 2px; margin-right: 4px; }
.key.fill { display: inline-block; height: 10px; }
.key.other { display: inline-block; }
@media (max-width: 700px) {
  main { padding: 16px 12px 40px; }
  section { padding: 14px; }
  .lead { font-size: 20px; }
  .pair { grid-template-columns: 1fr; }
  thead { display: none; }
  table, tbody, tr, td { display: block; }
  tr { padding: 8px 0; border-bottom: 1px solid var(--line); }
  tbody tr:last-child { border-bottom: 0; }
  td { display: grid; grid-template-columns: 7.5em 1fr; gap: 8px; padding: 2px 0; border: 0; }
  td::before { content: attr(data-label); color: var(--faint); }
}
@media print {
  :root { color-scheme: light; --back: #fff; --card: #fff; --text: #000; --faint: #444; --line: #bbb; --bar: #3867d6; --good: #187a4b; --bad: #b8243f; --alert: #fff; }
  main { max-width: none; padding: 0; }
  .fill, .other { print-color-adjust: exact; }
  tr, .plot, .bars { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
  details::details-content { content-visibility: visible; }
  summary { display: none; }
}
`;
