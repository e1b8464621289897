// SPDX-License-Identifier: Apache-2.0
#include "core/page/html_style.hpp"

#include "core/page/chart.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

constexpr const char* kLightColours =
    "--ink:#1b1f24;--muted:#5b6570;--rule:#d8dde3;--paper:#ffffff;--accent:#0b6bcb;";
constexpr const char* kDarkColours =
    "--ink:#e4e8ec;--muted:#9aa5b1;--rule:#363e47;--paper:#14171b;--accent:#63aef2;";

constexpr const char* kText = R"css(
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0 auto;max-width:66rem;padding:2.5rem 1.5rem 3rem;background:var(--paper);color:var(--ink);
  font:16px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;
  overflow-wrap:break-word}
h1,h2,h3{line-height:1.25;font-weight:600;text-wrap:balance}
h1{font-size:1.75rem;margin:0 0 .6rem;max-width:40ch}
h2{font-size:1.25rem;margin:3rem 0 .5rem}
h3{font-size:1rem;margin:2rem 0 .4rem}
p,ul,figcaption{max-width:72ch}
p{margin:0 0 .8rem}
ul{margin:0 0 .8rem;padding-left:1.2rem}
li{margin:.15rem 0}
.answer{font-size:1.2rem;line-height:1.4;max-width:60ch;margin-bottom:.5rem;padding-left:.9rem;
  border-left:3px solid var(--accent)}
.muted,figcaption,caption,footer{color:var(--muted);font-size:.9rem}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
footer{margin-top:3.5rem;border-top:1px solid var(--rule);padding-top:.8rem}
footer p{margin:0}
)css";

// A strip at the right edge of the frame shows that the table continues to the right. It is covered
// by a background that scrolls with the end of the table.
constexpr const char* kTables = R"css(
.scroll{overflow-x:auto;margin:1rem 0 1.6rem;background:linear-gradient(var(--paper),var(--paper)) right/1rem 100% local no-repeat,
  linear-gradient(var(--muted),var(--muted)) right/2px 100% scroll no-repeat}
table{border-collapse:collapse;font-size:.9375rem;font-variant-numeric:tabular-nums lining-nums}
caption{text-align:left;padding-bottom:.4rem;max-width:min(72ch,calc(100vw - 2rem))}
th,td{padding:.3rem 1.4rem .3rem 0;text-align:left;vertical-align:baseline;border-bottom:1px solid var(--rule)}
thead th,thead td{color:var(--muted);font-weight:500;vertical-align:bottom;border-bottom:1px solid var(--muted)}
tbody th{font-weight:400}
.n{text-align:right;white-space:nowrap;padding-right:calc(1.4rem + var(--digits,0)*1ch + var(--point,0)*.3em)}
thead .n{white-space:normal}
tr>:last-child{padding-right:calc(.25rem + var(--digits,0)*1ch + var(--point,0)*.3em)}
details.more{margin:.8rem 0}
details.more>summary{cursor:pointer;color:var(--accent);width:fit-content}
pre{margin:.5rem 0;padding:.2rem 0 .2rem .9rem;border-left:1px solid var(--rule);overflow-x:auto;
  font:.8125rem/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
)css";

// An opened image is the <summary> of its <details>, stretched over the whole window: this needs no
// script and only one copy of the image.
constexpr const char* kFigures = R"css(
figure{margin:1.2rem 0 1.8rem}
figcaption{margin-top:.5rem}
.beside{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,20rem),1fr));gap:0 2rem}
details.image{display:inline-block;vertical-align:top;max-width:100%}
details.image>summary{display:block;list-style:none;cursor:zoom-in}
details.image>summary::-webkit-details-marker{display:none}
details.image img{display:block;max-width:100%;height:auto;background:#111}
details.image[open]>summary{position:fixed;inset:0;z-index:1;overflow:auto;background:#111;cursor:zoom-out;
  display:grid;place-content:safe center;padding:2vmin;outline-offset:-3px}
details.image[open] img{max-width:none;image-rendering:pixelated;
  width:max(var(--full),min(96vw,96vh*(var(--aspect))))}
.sheet{display:grid;grid-template-columns:max-content 1fr;gap:2px 0}
.edge{font-size:.9rem;color:var(--muted);padding:.4rem 1rem .4rem 0;max-width:12rem}
.tiles{background:#111;padding:4px;display:flex;flex-wrap:wrap;gap:4px;width:fit-content;max-width:100%}
@media (max-width:40rem){
body{padding:1.25rem 1rem 2rem}
h1{font-size:1.45rem}
.answer{font-size:1.1rem}
.sheet{grid-template-columns:1fr}
.edge{padding:.5rem 0 .2rem;max-width:none}
th,td{padding-right:1rem}
.n{padding-right:calc(1rem + var(--digits,0)*1ch + var(--point,0)*.3em)}
tbody th{position:sticky;left:0;max-width:10rem;background:var(--paper)}
}
)css";

constexpr const char* kCharts = R"css(
.chart{container-type:inline-size}
.chart>svg{display:block;max-width:100%;height:auto;overflow:visible;font-family:inherit;font-size:13px;
  font-variant-numeric:tabular-nums lining-nums}
.chart .cut{overflow:hidden}
.chart>.narrow{display:none}
@container (max-width:40rem){
.chart>.wide{display:none}
.chart>.narrow{display:block;width:100%;max-width:23rem}
}
.chart text{fill:var(--ink)}
.chart .soft{fill:var(--muted)}
.chart .strong{font-weight:600}
.chart .over{paint-order:stroke;stroke:var(--paper);stroke-width:3px;stroke-linejoin:round}
.chart .axis{stroke:var(--muted);stroke-width:1;shape-rendering:crispEdges}
.chart .grid{stroke:var(--rule);stroke-width:1;shape-rendering:crispEdges}
.chart .reference{stroke:var(--muted);stroke-width:1;stroke-dasharray:4 3}
.chart .leader{stroke:var(--muted);stroke-width:.75}
.chart .stroke{fill:none;stroke:currentColor;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}
.chart .pale{fill-opacity:.35}
.chart .light{fill:var(--paper)}
.chart .thin{stroke-width:1;opacity:.45}
.chart .fine{stroke-width:1.5}
.chart .heavy{stroke-width:3.5}
.chart .dashed{stroke-dasharray:6 4;stroke-linecap:butt}
.chart .fill{fill:currentColor}
)css";

// Paper is white in both schemes. Content that scrolls or is collapsed on a screen must be printed
// in full.
constexpr const char* kPrint = R"css(
@page{size:A4;margin:16mm}
@media print{
body{padding:0;max-width:none;font-size:10.5pt}
h2,h3,caption,thead{break-after:avoid}
figure,tr,.chart,.tiles{break-inside:avoid}
.scroll,pre{overflow:visible;background:none}
table{font-size:9pt}
th,td{padding-right:.8rem}
pre{white-space:pre-wrap}
img{print-color-adjust:exact;-webkit-print-color-adjust:exact}
.tiles{print-color-adjust:exact;-webkit-print-color-adjust:exact}
details.more::details-content{display:block;content-visibility:visible;block-size:auto}
details.image[open]>summary{position:static;display:block;padding:0}
details.image[open] img{width:auto;max-width:100%}
}
)css";

std::string arm_classes(bool dark_scheme) {
  std::string out;
  for (size_t i = 0; i < 8; ++i) {
    out += cat(".arm-", i, "{color:", arm_colour(i, dark_scheme), "}");
  }
  return out;
}

}  // namespace

std::string page_style() {
  return cat(":root{color-scheme:light dark;",
             kLightColours,
             "}\n",
             arm_classes(false),
             "\n@media screen and (prefers-color-scheme:dark){\n:root{",
             kDarkColours,
             "}\n",
             arm_classes(true),
             "\n}",
             kText,
             kTables,
             kFigures,
             kCharts,
             kPrint);
}

}  // namespace evenray
