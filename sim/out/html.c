/* Pieces of pages: cells, tables, figures, the style and the one script (see html.h).
 *
 * Colours are named once, for light and dark; on paper the light ones hold. Lines and parts of
 * bars are told apart by the colour-blind (after Okabe and Ito 2008) and by dashes and textures
 * too; the shades of grids grow steadily darker on light ground (ColorBrewer's YlGnBu) and brighter
 * on dark ground (viridis). Text has a contrast of at least 4.5 in both.
 *
 * The script sorts a table by a heading, with the mouse or the keyboard; without it the table
 * stands in the report's order and nothing else is missing.
 */
#include "out/html.h"
#include "out/svg.h"

static const char page_style[] =
    ":root{color-scheme:light dark;--ink:#1b2330;--dim:#535d6e;--line:#d3d9e2;--back:#fff;"
    "--card:#f3f6fa;--own:#0072b2;--limit:#b34700;--good:#0b6b4b;--bad:#b3261e;--c0:#c25400;"
    "--c1:#00805d;--c2:#a94f82;--c3:#8f6400;--c4:#2a7cab;--c5:#77771a;--h0:#eef7c9;--h1:#d9f0b3;"
    "--h2:#a9ddb7;--h3:#68c4be;--h4:#37a3c2;--h5:#217dba;--h6:#24549f;--h7:#0c2c84}\n"
    "@media screen and (prefers-color-scheme:dark){:root{--ink:#e7eaf0;--dim:#a7b0bf;"
    "--line:#38414f;--back:#12161d;--card:#1b212b;--own:#5fb4e8;--limit:#ff9a57;--good:#5fd3a6;"
    "--bad:#ff8a80;--c0:#f0803c;--c1:#2cc79b;--c2:#dc97bd;--c3:#e6a817;--c4:#7cc8f2;--c5:#bcbc4a;"
    "--h0:#46206b;--h1:#453882;--h2:#365c8d;--h3:#277f8e;--h4:#1fa187;--h5:#4ac16d;--h6:#a0da39;"
    "--h7:#fde725}}\n"
    "*{box-sizing:border-box}\n"
    "body{margin:0 auto;padding:1.25rem .9rem 3rem;max-width:74rem;background:var(--back);"
    "color:var(--ink);font:16px/1.5 system-ui,-apple-system,\"Segoe UI\",Roboto,\"Noto Sans\","
    "sans-serif;overflow-wrap:anywhere}\n"
    "h1{font-size:1.6rem;line-height:1.2;margin:0 0 .4rem}"
    "h2{font-size:1.2rem;margin:2.4rem 0 .6rem;padding-top:.6rem;border-top:1px solid var(--line)}"
    "h3{font-size:1rem;margin:1.4rem 0 .4rem}p{margin:.35rem 0;max-width:64rem}"
    ".dim,.note{color:var(--dim)}p.note{font-size:.875rem}\n"
    ".answer{border:1px solid var(--line);border-left:.4rem solid var(--good);border-radius:.4rem;"
    "background:var(--card);padding:.8rem 1rem;margin:1rem 0}.answer.no{border-left-color:"
    "var(--bad)}.answer h2{border:0;margin:0;padding:0;font-size:1rem;color:var(--dim)}"
    ".verdict{font-size:1.2rem;line-height:1.35;font-weight:600;max-width:none;text-wrap:"
    "balance}.verdict b{color:var(--good)}"
    ".no .verdict b{color:var(--bad)}\n"
    ".tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,8.6rem),1fr));"
    "gap:.6rem;margin:.9rem 0;padding:0}.tiles div{background:var(--back);border:1px solid "
    "var(--line);border-radius:.4rem;padding:.5rem .7rem}.tiles dt{font-size:.85rem;"
    "color:var(--dim)}.tiles dd{margin:0}.tiles dd.big{font-size:1.5rem;line-height:1.25;"
    "font-weight:650;font-variant-numeric:tabular-nums}.tiles dd.small{font-size:.85rem}\n"
    "ul.facts{margin:.6rem 0 0;padding-left:1.1rem}ul.facts li{margin:.15rem 0}\n"
    ".charts{display:grid;gap:1.4rem 1.6rem;grid-template-columns:repeat(auto-fill,minmax(min(100%,"
    "21rem),1fr))}@media(min-width:64rem){.pair{display:grid;gap:0 2rem;grid-template-columns:"
    "23rem minmax(0,1fr);align-items:start}.pair>:only-child{grid-column:1/-1}}"
    "figure{margin:0;min-width:0}figcaption{font-weight:600}"
    "figure>svg{display:block;width:100%;max-width:30rem;height:auto;margin:.3rem 0}\n"
    "svg{font:11px system-ui,-apple-system,\"Segoe UI\",Roboto,\"Noto Sans\",sans-serif;"
    "fill:var(--dim)}svg .axis,svg .name{fill:var(--ink)}.none{position:absolute}\n";
static const char parts_style[] =
    ".frame{fill:none;stroke:var(--dim)}.grid{stroke:var(--line);fill:none}"
    ".own{stroke:var(--own);stroke-width:2;fill:none}.low{stroke:var(--own);stroke-width:1.2;"
    "stroke-dasharray:3 2;fill:none}.area{fill:var(--own);fill-opacity:.18}"
    ".limit{stroke:var(--limit);stroke-width:1.4;stroke-dasharray:7 3;fill:none}"
    ".opt{stroke:var(--own);stroke-width:1;stroke-opacity:.4;fill:none}.api{stroke-width:1.8;"
    "fill:none}.at{fill:var(--limit);stroke:var(--back);stroke-width:.8}\n"
    ".c0{stroke:var(--c0)}.c1{stroke:var(--c1);stroke-dasharray:6 3}.c2{stroke:var(--c2);"
    "stroke-dasharray:2 3}.c3{stroke:var(--c3);stroke-dasharray:9 3 2 3}.c4{stroke:var(--c4);"
    "stroke-dasharray:12 4}.c5{stroke:var(--c5);stroke-dasharray:4 2}\n"
    ".p0{fill:#0072b2}.p1{fill:#e69f00}.p2{fill:#009e73}.p3{fill:#cc79a7}.p4{fill:#56b4e9}"
    ".p5{fill:#d55e00}.p6{fill:#f0e442}.p7{fill:#999999}.p0,.p1,.p2,.p3,.p4,.p5,.p6,.p7{"
    "stroke:var(--ink);stroke-width:.6}.texture{stroke:#1b2330;stroke-opacity:.55;fill:none}\n"
    ".h0{fill:var(--h0)}.h1{fill:var(--h1)}.h2{fill:var(--h2)}.h3{fill:var(--h3)}"
    ".h4{fill:var(--h4)}.h5{fill:var(--h5)}.h6{fill:var(--h6)}.h7{fill:var(--h7)}\n"
    "ul.key{list-style:none;margin:.3rem 0;padding:0;display:flex;flex-wrap:wrap;gap:.1rem 1rem;"
    "font-size:.85rem}ul.key svg{width:1.7rem;height:.8rem;margin-right:.35rem;vertical-align:"
    "middle}ul.key svg.swatch{width:.9rem;height:.9rem}#crossover td .key{display:none}\n"
    ".wide{overflow-x:auto;max-width:100%}table{border-collapse:collapse;font-size:.875rem;"
    "font-variant-numeric:tabular-nums;overflow-wrap:normal}th,td{padding:.3rem .6rem;"
    "text-align:right;vertical-align:top;border-bottom:1px solid var(--line)}thead th{color:"
    "var(--dim);font-weight:600;vertical-align:bottom}tbody th{font-weight:400;text-align:left}"
    "td{white-space:nowrap}th.t,td.t,#crossover th,#crossover td{text-align:left;white-space:"
    "normal}td.t{min-width:9rem}td.long,th.long{min-width:15rem}tbody th{min-width:6.5rem}"
    "tbody th small{display:block;color:var(--bad)}tr.best th{"
    "font-weight:600}td.ok{color:var(--good);font-weight:600}td.bad{color:var(--bad);"
    "font-weight:600}\n"
    "th button{font:inherit;color:inherit;background:none;border:0;padding:.15rem 0;cursor:pointer;"
    "text-align:inherit;text-decoration:underline dotted;text-underline-offset:.2em}"
    "th[aria-sort=ascending] button::after{content:\" \\2191\"}th[aria-sort=descending] "
    "button::after{content:\" \\2193\"}\n"
    "summary{cursor:pointer;color:var(--dim);font-size:.875rem;padding:.2rem 0}details .wide{"
    "max-height:22rem;overflow:auto}:focus-visible{outline:2px solid var(--own);"
    "outline-offset:2px}footer{margin-top:2.5rem;color:var(--dim);font-size:.875rem}\n"
    "@media print{body{font-size:10.5pt;max-width:none;padding:0}summary,.sheets{display:none}"
    "figure>svg{max-width:22rem}.wide{"
    "overflow:visible}table{font-size:8pt}th,td{padding:.15rem .35rem}td.t,td.long,th.long{"
    "min-width:0}figure,.answer,.tiles div,tr{break-inside:avoid}h2,h3,figcaption{break-after:"
    "avoid}.charts{grid-template-columns:repeat(2,minmax(0,1fr))}th button{text-decoration:none}"
    "*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}\n";

static const char script[] =
    "for(const table of document.querySelectorAll('table.sort')){\n"
    "  const heads=[...table.tHead.rows[0].cells],body=table.tBodies[0];\n"
    "  const value=(row,i)=>{const c=row.cells[i],v=c.dataset.v;\n"
    "    return v===undefined?c.textContent:v===''?null:Number(v)};\n"
    "  heads.forEach((head,i)=>{\n"
    "    const button=document.createElement('button');button.type='button';\n"
    "    button.append(...head.childNodes);head.append(button);\n"
    "    head.setAttribute('aria-sort','none');\n"
    "    button.addEventListener('click',()=>{\n"
    "      const down=head.getAttribute('aria-sort')==='ascending';\n"
    "      heads.forEach(h=>h.setAttribute('aria-sort','none'));\n"
    "      head.setAttribute('aria-sort',down?'descending':'ascending');\n"
    "      const sign=down?-1:1;\n"
    "      body.append(...[...body.rows].map((row,n)=>({row,n,v:value(row,i)})).sort((a,b)=>\n"
    "        a.v===null||b.v===null?(a.v===null)-(b.v===null)||a.n-b.n:\n"
    "        sign*(a.v<b.v?-1:a.v>b.v?1:0)||a.n-b.n).map(x=>x.row));\n"
    "    });\n"
    "  });\n"
    "}\n";

void cs_html_put_style(FILE *out)
{
    fprintf(out, "<style>\n%s%s</style>", page_style, parts_style);
}

void cs_html_put_script(FILE *out)
{
    fprintf(out, "<script>\n%s</script>\n", script);
}

/* The name of a tag without its attributes. */
static int name_of(const char *tag)
{
    int n = 0;
    while (tag[n] && tag[n] != ' ')
        n++;
    return n;
}

void cs_html_cell(FILE *out, const char *tag, const char *text)
{
    fprintf(out, "<%s>", tag);
    cs_svg_escape(out, text);
    fprintf(out, "</%.*s>", name_of(tag), tag);
}

void cs_html_words(FILE *out, const char *text)
{
    if (text == NULL || *text == '\0')
        return;
    cs_html_cell(out, "p", text);
    putc('\n', out);
}

void cs_html_table_open(FILE *out, const char *name, const char *const *heads, size_t count)
{
    fputs("<div class=\"wide\" role=\"region\" tabindex=\"0\" aria-label=\"", out);
    cs_svg_escape(out, name);
    fputs("\"><table><thead><tr>", out);
    for (size_t i = 0; i < count; i++) {
        const bool text = heads[i][0] == '<';
        cs_html_cell(out, text ? "th class=\"t\" scope=\"col\"" : "th scope=\"col\"",
                     heads[i] + text);
    }
    fputs("</tr></thead><tbody>\n", out);
}

void cs_html_table_close(FILE *out)
{
    fputs("</tbody></table></div>\n", out);
}

void cs_html_row(FILE *out, const char *const *heads, const char *const *texts, size_t count)
{
    fputs("<tr>", out);
    for (size_t i = 0; i < count; i++)
        cs_html_cell(out,
                     i == 0               ? "th scope=\"row\""
                     : heads[i][0] == '<' ? "td class=\"t\""
                                          : "td",
                     texts[i]);
    fputs("</tr>\n", out);
}

void cs_html_figure_open(FILE *out, const char *title)
{
    fputs("<figure><figcaption>", out);
    cs_svg_escape(out, title);
    fputs("</figcaption>\n", out);
}

void cs_html_figure_table(FILE *out, const char *note)
{
    if (note)
        cs_html_cell(out, "p class=\"note\"", note);
    fputs("<details><summary>These figures as a table</summary>\n", out);
}

void cs_html_figure_close(FILE *out)
{
    fputs("</details></figure>\n", out);
}
