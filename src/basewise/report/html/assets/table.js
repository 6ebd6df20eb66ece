// Sorting, filtering and paging of every table that says so. Without this script the tables are simply there.
(function () {
  'use strict';
  const PAGE_ROWS = 200;
  const MAX_CHOICES = 40;
  const FEW_ROWS = 6;
  const PRINTED_ROWS = 2000;

  function make(name, attributes, text) {
    const made = document.createElement(name);
    for (const key of Object.keys(attributes || {})) made.setAttribute(key, attributes[key]);
    if (text !== undefined) made.textContent = text;
    return made;
  }

  // A record is a row that need not be an element yet: texts, what they are ordered by, and where they lead to.
  function recordOf(row, at) {
    const cells = Array.from(row.cells);
    return {
      at: at,
      id: row.id,
      row: row,
      texts: cells.map((cell) => cell.textContent),
      orders: cells.map((cell) => cell.dataset.order)
    };
  }

  function recordFrom(cells, at) {
    const parts = cells.map((cell) => (Array.isArray(cell) ? cell : [cell]));
    return {
      at: at,
      id: '',
      row: null,
      texts: parts.map((part) => part[0]),
      orders: parts.map((part) => (part.length > 1 && part[1] !== null ? String(part[1]) : undefined)),
      links: parts.map((part) => (part.length > 2 ? part[2] : null))
    };
  }

  function Sheet(table) {
    this.table = table;
    this.body = table.tBodies[0];
    this.heads = Array.from(table.tHead.rows[0].cells);
    this.titles = this.heads.map((head) => head.textContent);
    this.heading = Number(table.dataset.heading || 0);
    this.records = Array.from(this.body.rows).map(recordOf);
    this.shown = this.records;
    this.page = 0;
    this.tools();
    this.heads.forEach((head, index) => this.sortable(head, index));
    this.choices();
    this.show();
    if (table.dataset.more) {
      this.load(document.getElementById(table.dataset.more)).catch(() => {
        this.status.textContent = 'the further rows could not be unpacked by this browser';
      });
    }
  }

  Sheet.prototype.tools = function () {
    const name = this.table.id + '-filter';
    this.bar = make('div', {class: 'tools'});
    const label = make('label', {for: name}, 'Filter');
    this.input = make('input', {id: name, type: 'search', autocomplete: 'off', placeholder: 'words, all must be there'});
    label.append(this.input);
    this.bar.append(label);
    this.selects = [];
    this.status = make('span', {role: 'status', class: 'dim'});
    this.bar.append(this.status);
    this.bar.addEventListener('input', () => { this.page = 0; this.filter(); });
    const frame = this.table.parentElement;
    frame.before(this.bar);
    this.pager = make('div', {class: 'pager', hidden: ''});
    this.back = make('button', {type: 'button'}, 'Previous');
    this.on = make('button', {type: 'button'}, 'Next');
    this.place = make('span', {role: 'status'});
    this.back.addEventListener('click', () => { this.page -= 1; this.show(); });
    this.on.addEventListener('click', () => { this.page += 1; this.show(); });
    this.pager.append(this.back, this.place, this.on);
    frame.after(this.pager);
  };

  Sheet.prototype.choices = function () {
    this.selects.forEach((each) => each.select.parentElement.remove());
    this.selects = [];
    this.heads.forEach((head, index) => { if ('choices' in head.dataset) this.choice(index); });
    // Few rows need no filter; what leads to a row may still clear it.
    this.bar.hidden = this.records.length <= FEW_ROWS;
  };

  Sheet.prototype.choice = function (index) {
    const values = new Set();
    for (const record of this.records) {
      values.add(record.texts[index]);
      if (values.size > MAX_CHOICES) return;
    }
    if (values.size < 2) return;
    const label = make('label', {}, this.titles[index]);
    const select = make('select', {});
    select.append(make('option', {value: ''}, 'all'));
    for (const value of Array.from(values).sort()) select.append(make('option', {value: value}, value));
    label.append(select);
    this.status.before(label);
    this.selects.push({select: select, index: index});
  };

  Sheet.prototype.sortable = function (head, index) {
    const button = make('button', {type: 'button'}, head.textContent);
    head.textContent = '';
    head.append(button);
    button.addEventListener('click', () => this.sort(head, index));
  };

  Sheet.prototype.sort = function (head, index) {
    const numeric = head.classList.contains('n');
    const down = head.getAttribute('aria-sort') === 'ascending';
    const keyed = this.records.map((record) => {
      const order = record.orders[index];
      const text = order === undefined ? record.texts[index] : order;
      // What is not known stays below in both directions.
      const key = numeric ? (order === undefined ? null : Number(order)) : text.toLowerCase();
      return {record: record, key: key};
    });
    const compare = numeric ? (one, other) => one - other : new Intl.Collator('en', {numeric: true}).compare;
    keyed.sort((one, other) => {
      if (one.key === null || other.key === null) return (one.key === null) - (other.key === null) || one.record.at - other.record.at;
      const by = compare(one.key, other.key);
      return (down ? -by : by) || one.record.at - other.record.at;
    });
    this.heads.forEach((each) => each.removeAttribute('aria-sort'));
    head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
    this.records = keyed.map((each) => each.record);
    this.page = 0;
    this.filter();
  };

  Sheet.prototype.filter = function () {
    const words = this.input.value.toLowerCase().split(/\s+/).filter(Boolean);
    const chosen = this.selects.filter((each) => each.select.value);
    this.shown = this.records.filter((record) => {
      if (!chosen.every((each) => record.texts[each.index] === each.select.value)) return false;
      if (!words.length) return true;
      if (record.all === undefined) record.all = record.texts.join(' ').toLowerCase();
      return words.every((word) => record.all.includes(word));
    });
    this.show();
  };

  Sheet.prototype.rowOf = function (record) {
    if (record.row) return record.row;
    const row = make('tr');
    record.texts.forEach((text, index) => {
      const heading = index === this.heading;
      const cell = make(heading ? 'th' : 'td', heading ? {scope: 'row'} : {});
      cell.className = this.heads[index].className;
      const link = record.links[index];
      if (link && link.startsWith('https://')) cell.append(make('a', {href: link, rel: 'noopener noreferrer'}, text));
      else cell.textContent = text;
      row.append(cell);
    });
    return row;
  };

  Sheet.prototype.show = function (printed) {
    if (printed) {
      this.body.replaceChildren(...this.shown.slice(0, printed).map((record) => this.rowOf(record)));
      return;
    }
    const pages = Math.max(1, Math.ceil(this.shown.length / PAGE_ROWS));
    this.page = Math.min(Math.max(this.page, 0), pages - 1);
    const first = this.page * PAGE_ROWS;
    this.body.replaceChildren(...this.shown.slice(first, first + PAGE_ROWS).map((record) => this.rowOf(record)));
    this.status.textContent = this.shown.length + ' of ' + this.records.length + (this.records.length === 1 ? ' row' : ' rows');
    this.pager.hidden = pages === 1;
    this.back.disabled = this.page === 0;
    this.on.disabled = this.page === pages - 1;
    this.place.textContent = 'page ' + (this.page + 1) + ' of ' + pages;
  };

  Sheet.prototype.find = function (name) {
    const record = this.records.find((each) => each.id === name);
    if (!record) return null;
    if (!this.shown.includes(record)) {
      this.input.value = '';
      this.selects.forEach((each) => { each.select.value = ''; });
      this.filter();
    }
    this.page = Math.floor(this.shown.indexOf(record) / PAGE_ROWS);
    this.show();
    return record.row;
  };

  // Further rows stand in the page as compressed JSON: as elements they would be many times as large.
  Sheet.prototype.load = async function (holder) {
    const packed = Uint8Array.from(atob(JSON.parse(holder.textContent)), (char) => char.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'));
    const rows = JSON.parse(await new Response(stream).text());
    const start = this.records.length;
    this.records = this.records.concat(rows.map((cells, at) => recordFrom(cells, start + at)));
    this.choices();
    this.filter();
    this.table.dataset.loaded = 'all';
  };

  const sheets = Array.from(document.querySelectorAll('table[data-sortable]')).map((table) => new Sheet(table));

  // Paper has no pages of a table: all rows that the filter keeps are printed, up to a bound.
  window.addEventListener('beforeprint', () => sheets.forEach((sheet) => sheet.show(PRINTED_ROWS)));
  window.addEventListener('afterprint', () => sheets.forEach((sheet) => sheet.show()));

  // What else is on the page leads to a row by its name.
  window.basewiseRow = function (name) {
    for (const sheet of sheets) {
      const row = sheet.find(name);
      if (row) {
        document.querySelectorAll('tr.found').forEach((each) => each.classList.remove('found'));
        row.classList.add('found');
        row.scrollIntoView({block: 'center', inline: 'nearest'});
        row.focus({preventScroll: true});
        return row;
      }
    }
    return null;
  };
})();
