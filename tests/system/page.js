// Looks at a page of `capsim run --html` from within, for tests/system/test_html.
//
// It is put at the head of a copy of the page, in a frame, waits for the end of its loading, and sends
// lines "FOUND ..." to the page around: "wrong: ..." for each finding, and "done width W scheme S
// charts N sorted N" at the end.
'use strict';
const found = [];
const wrong = words => found.push('wrong: ' + words.replace(/\s+/g, ' ').slice(0, 200));
addEventListener('error', e => wrong('error ' + (e.message || e.target.tagName)), true);
addEventListener('securitypolicyviolation', e => wrong('fetched ' + e.blockedURI));

const luminance = ([r, g, b]) => {
    const linear = v => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
};
const numbers = colour => (colour.match(/[\d.]+/g) || []).map(Number);

// What is behind an element: the nearest ground that is not transparent.
function ground(element) {
    for (let e = element; e; e = e.parentElement) {
        const rgb = numbers(getComputedStyle(e).backgroundColor);
        if (rgb.length === 3 || rgb[3] > 0) return rgb;
    }
    return [255, 255, 255];
}

function checkContrast() {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    let checked = 0;
    for (let node; (node = walker.nextNode());) {
        const element = node.parentElement;
        if (!node.textContent.trim() || element.closest('script,style,title,.none')) continue;
        const style = getComputedStyle(element);
        const ink = numbers(element instanceof SVGElement ? style.fill : style.color);
        const [a, b] = [luminance(ink), luminance(ground(element))].sort((x, y) => y - x);
        const ratio = (a + 0.05) / (b + 0.05);
        checked++;
        if (!(ratio >= 4.5) || ink[3] < 1)
            wrong(`contrast ${ratio.toFixed(2)} of "${node.textContent.trim()}"`);
    }
    if (checked < 100) wrong(`contrast: only ${checked} texts`);
}

function checkWidth(when) {
    const page = document.documentElement;
    if (page.scrollWidth <= innerWidth) return;
    const widest = [...document.querySelectorAll('body *')].find(e =>
        e.getBoundingClientRect().right > innerWidth && !e.closest('.wide'));
    wrong(`wider (${when}): ${page.scrollWidth} of ${innerWidth}, ` +
          (widest ? `${widest.tagName}.${widest.getAttribute('class')}` : ''));
}

function checkCharts() {
    const charts = document.querySelectorAll('svg:not([aria-hidden])');
    for (const svg of charts) {
        const title = svg.querySelector(':scope > title');
        if (svg.getAttribute('role') !== 'img' || !title || title.textContent.length < 10)
            wrong('chart without a role or a title');
        const table = svg.closest('figure')?.querySelector('details table');
        if (!table || table.tBodies[0].rows.length < 1)
            wrong(`chart without a table: ${title?.textContent}`);
        for (const text of svg.querySelectorAll('text'))
            if (parseFloat(getComputedStyle(text).fontSize) * svg.getScreenCTM().a < 9)
                wrong(`chart with labels too small: ${title?.textContent}`);
    }
    return charts.length;
}

function checkHeadings() {
    let last = 0;
    for (const heading of document.querySelectorAll('h1,h2,h3,h4,h5,h6')) {
        const level = Number(heading.tagName[1]);
        if (level > last + 1) wrong(`heading ${heading.textContent} jumps to ${level}`);
        last = level;
    }
    if (document.querySelectorAll('h1').length !== 1) wrong('heading: not one h1');
    if (document.documentElement.lang !== 'en') wrong('no language');
    for (const table of document.querySelectorAll('table'))
        if (!table.tHead || !table.closest('.wide')) wrong('table without a head or a box');
}

// Every column up and down: the numbers in order, those that are missing last, no row lost.
function checkSort() {
    const table = document.querySelector('table.sort');
    const rows = () => [...table.tBodies[0].rows];
    const before = rows().map(r => r.textContent).sort().join();
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, i) => {
        const button = head.querySelector('button');
        if (!button || button.tabIndex < 0) return wrong('sort: a heading is no button');
        for (const order of ['ascending', 'descending']) {
            button.focus();
            button.click();
            if (document.activeElement !== button) wrong('sort: the focus is lost');
            if (heads.filter(h => h.getAttribute('aria-sort') !== 'none').length !== 1 ||
                head.getAttribute('aria-sort') !== order) wrong(`sort: aria-sort is not ${order}`);
            const values = rows().map(r => r.cells[i].dataset.v ?? r.cells[i].textContent);
            const known = values.filter(v => v !== '');
            if (values.slice(0, known.length).includes('')) wrong('sort: what is missing is not last');
            const numeric = rows()[0].cells[i].dataset.v !== undefined;
            for (let k = 1; k < known.length; k++) {
                const [a, b] = numeric ? [+known[k - 1], +known[k]] : [known[k - 1], known[k]];
                if (order === 'ascending' ? a > b : a < b) wrong(`sort: ${a} before ${b}, ${order}`);
            }
            if (rows().map(r => r.textContent).sort().join() !== before) wrong('sort: rows changed');
        }
    });
    return heads.length;
}

addEventListener('load', () => {
    try {
        checkWidth('as it comes');
        for (const details of document.querySelectorAll('details')) details.open = true;
        checkWidth('all open');
        checkHeadings();
        const charts = checkCharts();
        checkContrast();
        const sorted = checkSort();
        const scheme = matchMedia('(prefers-color-scheme:dark)').matches ? 'dark' : 'light';
        found.push(`done width ${innerWidth} scheme ${scheme} charts ${charts} sorted ${sorted}`);
    } catch (error) {
        wrong(String(error.stack));
    }
    parent.postMessage('\n' + found.map(line => 'FOUND ' + line).join('\n') + '\n', '*');
});
