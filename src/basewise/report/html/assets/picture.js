// Draws the picture from its one description and connects switches, points, their reasons and the rows of the table.
(function () {
  'use strict';
  const holder = document.getElementById('picture-data');
  const plot = document.getElementById('plot');
  if (!holder || !plot) return;
  const NEAR = 9;
  const LEAST_WIDTH = 260;
  const MAX_NAMED = 8;
  const figure = plot.parentElement;
  const tip = document.getElementById('tip');
  const beside = document.getElementById('beside');
  const form = document.getElementById('switches');
  const still = plot.firstElementChild;
  const specification = JSON.parse(holder.textContent).specification;
  let current = null;

  const view = new vega.View(vega.parse(specification, null, {ast: true}), {
    expr: vega.expressionInterpreter,
    renderer: 'svg',
    hover: false,
    logLevel: vega.Warn
  });

  function line(name, text, parent) {
    const made = document.createElement(name);
    made.textContent = text;
    parent.append(made);
    return made;
  }

  function bytes(size) {
    if (size === null) return 'size not known';
    for (const [unit, text] of [[1e9, 'GB'], [1e6, 'MB'], [1e3, 'kB']]) {
      if (size < unit) continue;
      const shown = (size / unit).toPrecision(3);
      // What rounds to a thousand would have an exponent.
      return (shown.includes('e') ? String(Number(shown)) : shown.replace(/\.0+$/, '')) + ' ' + text;
    }
    return size + ' B';
  }

  function names(rows, text) {
    const shown = rows.slice(0, MAX_NAMED).map(text);
    if (rows.length > MAX_NAMED) shown.push('and ' + (rows.length - MAX_NAMED) + ' more');
    return shown.join(', ') + '.';
  }

  function numbers(row) {
    const parts = [];
    if (row.findings === null) parts.push('vulnerabilities not measured');
    else parts.push((row.atLeast ? 'at least ' : '') + row.findings + (row.findings === 1 ? ' vulnerability' : ' vulnerabilities'));
    if (row.stays !== null) parts.push(row.stays + ' after a rebuild');
    const undetermined = row.undetermined[view.signal('of')];
    if (undetermined) parts.push(undetermined + ' undetermined beside them');
    parts.push(bytes(row.bytes));
    return parts.join(', ');
  }

  function paths() {
    // In the order of their size, which is the order that the arrow keys follow.
    const found = Array.from(plot.querySelectorAll('.point path')).filter((each) => each.__data__);
    const key = (each) => { const row = each.__data__.datum; return [row.bytes === null ? Infinity : row.bytes, row.findings === null ? Infinity : row.findings, row.index]; };
    return found.sort((one, other) => {
      const a = key(one), b = key(other);
      for (let at = 0; at < 3; at += 1) if (a[at] !== b[at]) return a[at] < b[at] ? -1 : 1;
      return 0;
    });
  }

  function decorate() {
    const all = paths();
    if (current === null) current = Math.max(0, all.findIndex((path) => path.__data__.datum.first));
    current = Math.min(current, Math.max(0, all.length - 1));
    all.forEach((path, at) => {
      const row = path.__data__.datum;
      path.setAttribute('tabindex', at === current ? '0' : '-1');
      path.setAttribute('role', 'button');
      path.removeAttribute('aria-roledescription');
      path.setAttribute('aria-label', row.image + ': ' + numbers(row) + (row.excluded ? ', left out' : '') + (row.first ? ', recommended' : ''));
      path.dataset.image = row.image;
    });
    explain();
    say();
  }

  function explain() {
    // The legend names what this view shows, and nothing else.
    const rows = view.data('placed');
    figure.querySelectorAll('.legend li').forEach((each) => {
      const shown = each.dataset;
      each.hidden = !rows.some((row) => ('family' in shown ? row.family === shown.family : row.shape === shown.shape));
    });
  }

  function say() {
    const rows = view.data('placed');
    beside.textContent = '';
    const front = view.data('front').slice().sort((one, other) => one.bytes - other.bytes);
    if (front.length) line('p', 'No other has both fewer and less: ' + names(front, (row) => row.image + ' (' + row.findings + ', ' + bytes(row.bytes) + ')'), beside);
    const groups = [
      ['Not measured in this view: ', rows.filter((row) => row.findings === null)],
      ['Of unknown size: ', rows.filter((row) => row.bytes === null)],
      ['Not shown, because the application does not run there: ', view.data('points').filter((row) => row.where === 'absent')],
      ['At least, because findings of unknown severity are left out: ', rows.filter((row) => row.atLeast)]
    ];
    for (const [words, found] of groups) if (found.length) line('p', words + names(found, (row) => row.image), beside);
  }

  function near(item) {
    return paths().map((path) => path.__data__).filter((other) => other !== item && Math.hypot(other.x - item.x, other.y - item.y) <= NEAR);
  }

  function show(path) {
    const item = path.__data__;
    const row = item.datum;
    tip.textContent = '';
    line('strong', row.image, tip);
    line('p', (row.rank === null ? '' : 'rank ' + row.rank + '; ') + numbers(row), tip);
    const list = line('ul', '', tip);
    for (const reason of row.reasons) line('li', reason, list);
    const others = near(item);
    if (others.length) line('p', 'Also here: ' + others.map((other) => other.datum.image).join(', '), tip);
    tip.hidden = false;
    const frame = figure.getBoundingClientRect();
    const box = path.getBoundingClientRect();
    const left = Math.min(Math.max(0, box.left - frame.left + 16), Math.max(0, frame.width - tip.offsetWidth));
    const below = box.bottom - frame.top + 8;
    tip.style.left = left + 'px';
    tip.style.top = below + 'px';
  }

  function hide() { tip.hidden = true; }

  function pathOf(event) {
    const path = event.target.closest ? event.target.closest('.point path') : null;
    return path && path.__data__ ? path : null;
  }

  function move(by) {
    const all = paths();
    if (!all.length) return;
    current = (current + by + all.length) % all.length;
    all.forEach((path, at) => path.setAttribute('tabindex', at === current ? '0' : '-1'));
    all[current].focus();
  }

  plot.addEventListener('mouseover', (event) => { const path = pathOf(event); if (path) show(path); });
  plot.addEventListener('mouseout', (event) => { if (pathOf(event)) hide(); });
  plot.addEventListener('focusin', (event) => { const path = pathOf(event); if (path) { current = paths().indexOf(path); show(path); } });
  plot.addEventListener('focusout', hide);
  plot.addEventListener('click', (event) => { const path = pathOf(event); if (path) { hide(); window.basewiseRow(path.__data__.datum.row); } });
  plot.addEventListener('keydown', (event) => {
    const path = pathOf(event);
    if (!path) return;
    const step = {ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1}[event.key];
    if (step) { event.preventDefault(); move(step); }
    if (event.key === 'Enter' || event.key === ' ') { event.preventDefault(); hide(); window.basewiseRow(path.__data__.datum.row); }
    if (event.key === 'Escape') hide();
  });

  function chosen(name) {
    const found = form.querySelector('input[name=' + name + ']:checked');
    return found ? found.value : null;
  }

  function apply() {
    const of = chosen('of');
    view.signal('finished', of === null ? specification.signals.find((each) => each.name === 'finished').value : of === 'finished');
    view.signal('size', chosen('size'));
    view.signal('count', chosen('count'));
    view.signal('severities', Array.from(form.querySelectorAll('input[name=severity]')).map((each) => (each.checked ? 1 : 0)));
    hide();
    return view.runAsync().then(decorate);
  }

  function fit() {
    const width = Math.max(LEAST_WIDTH, plot.clientWidth);
    view.width(width).height(Math.max(280, Math.min(460, width * 0.55)));
    return view.runAsync().then(decorate);
  }

  const stage = document.createElement('div');
  plot.append(stage);
  view.initialize(stage);
  view.width(Math.max(LEAST_WIDTH, plot.clientWidth)).height(Math.max(280, Math.min(460, plot.clientWidth * 0.55)));
  view.runAsync().then(() => {
    if (still) still.remove();
    form.hidden = false;
    form.addEventListener('change', apply);
    form.addEventListener('submit', (event) => event.preventDefault());
    decorate();
    let last = plot.clientWidth;
    new ResizeObserver(() => { if (plot.clientWidth !== last) { last = plot.clientWidth; fit(); } }).observe(plot);
    window.basewisePicture = {view: view, apply: apply};
    document.documentElement.dataset.picture = 'ready';
  });
})();
