"""How the tear sheet looks: one column on a phone, two on a desk, light and dark as the reader's device says."""

from typing import Final

STYLE: Final = """
:root{color-scheme:light dark;--paper:#fbfaf7;--sheet:#fff;--ink:#1c1f24;--muted:#646b76;--grid:#e4e2dc;--account:#1f5fbf;
--held:#8a8f98;--gain:#1f7a6d;--loss:#c2502e;--warn:#8a5a00;--warnpaper:#fdf3dc}
@media (prefers-color-scheme:dark){:root{--paper:#12151a;--sheet:#191d24;--ink:#e8eaee;--muted:#98a1ae;--grid:#2c323c;
--account:#6ea8ff;--held:#8d95a1;--gain:#4fb8a6;--loss:#ec8560;--warn:#f0c674;--warnpaper:#2a2415}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;
-webkit-text-size-adjust:100%}
main{max-width:1080px;margin:0 auto;padding:24px 16px 48px}
h1{font-size:26px;line-height:1.2;margin:2px 0}
h2{font-size:16px;margin:0 0 10px}
section ul{margin:0;padding-left:18px}
.kicker,.span,.note,footer{color:var(--muted)}
.kicker{font-size:12px;letter-spacing:.08em;text-transform:uppercase}
.verdict{border-left:4px solid var(--account);padding:2px 0 2px 14px;margin:18px 0;font-size:17px;max-width:46em}
.remarks{margin:0 0 18px;padding-left:18px;max-width:60em}
.warn{background:var(--warnpaper);color:var(--warn);border-radius:8px;padding:12px 16px;margin:0 0 18px;overflow-wrap:anywhere}
.warn details{margin-top:6px}.warn summary{cursor:pointer}
.warn ul{margin:4px 0 0;padding-left:18px}
section{background:var(--sheet);border:1px solid var(--grid);border-radius:10px;padding:16px;margin:0 0 16px;min-width:0}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:1px;padding:0;overflow:hidden;background:var(--grid)}
.tile{background:var(--sheet);padding:14px 16px}
.tile>b{display:block;font-size:21px;line-height:1.3;font-variant-numeric:tabular-nums}
.tile>span{display:block;font-size:13px;color:var(--muted)}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,420px),1fr));gap:0 16px}
.three{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,300px),1fr));gap:0 16px}
svg{display:block;width:100%;height:auto;stroke-linejoin:round;font-family:inherit}
.narrow{display:block}.wide{display:none}
@media (min-width:720px){.narrow{display:none}.wide{display:block}}
.legend{display:flex;flex-wrap:wrap;gap:4px 18px;font-size:13px;color:var(--muted);margin:0 0 8px}
.key{display:inline-block;width:18px;height:0;border-top:3px solid;vertical-align:middle;margin-right:6px}
.key.dashed{border-top-style:dashed;border-top-width:2px}
.key.block{height:10px;border:0;width:10px}
.scroll{overflow-x:auto}.grouped td{white-space:nowrap}
.note{font-size:13px;margin:0 0 10px}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums;font-size:14px}
th,td{padding:5px 0 5px 10px;text-align:right;border-top:1px solid var(--grid);vertical-align:top}
th:first-child,td:first-child{text-align:left;padding-left:0}
thead th{border-top:0;color:var(--muted);font-weight:500;font-size:12px;line-height:1.25;vertical-align:bottom}
tbody th{font-weight:400}
td small{display:block;color:var(--muted);font-size:12px}
.gain{color:var(--gain)}.loss{color:var(--loss)}
.heat td{text-align:center;padding:5px 4px;border:2px solid var(--sheet);border-radius:4px;line-height:1.25}
.heat thead th{text-align:center}
.heat tfoot td,.heat tfoot th{font-weight:600}
.heat tbody th{padding-right:8px;color:var(--muted)}
.funnel td:nth-child(2){width:45%}
.bar{display:block;height:10px;min-width:1px;border-radius:2px;background:var(--held);margin-top:6px}
.bar.entered{background:var(--account)}
@media (max-width:480px){section{padding:14px 12px}.grouped{font-size:12.5px}.grouped th,.grouped td{padding-left:6px}
.grouped thead th{font-size:11px}.optional{display:none}.heat td{font-size:12px}main{padding-top:16px}h1{font-size:22px}}
@media print{body{background:#fff}section{break-inside:avoid}}
""".replace("\n", "")
