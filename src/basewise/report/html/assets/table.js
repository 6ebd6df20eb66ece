// Sorting, filtering and paging of every table that says so. Without this script the tables are simply whole.
(function () {
  'use strict';
  const PAGE_ROWS = 200;
  const MAX_CHOICES = 40;
  const FEW_ROWS = 6;

  function make(name, attributes, text) {
    const made = document.createElement(name);
    for (const key of Object.keys(attributes || {})) made.setAttribute(key, attributes[key]);
    if (text !== undefined) made.textContent = text;
    return made;
  }

  function keyOf(cell, numeric) {
    const order = cell.dataset.order;
    if (numeric) return order === undefined ? null : Number(order);
    return (order === undefined ? cell.textContent : order).toLowerCase();
  }

  function compare(one, other, numeric) {
    // What is not known stays below in both directions.
    if (one.key === null || other.key === null) return (one.key === null) - (other.key === null) || one.at - other.at;
    const by = numeric ? one.key - other.key : one.key.localeCompare(other.key, 'en', {numeric: true});
    return by || 0;
  }

  function Sheet(table) {
    this.table = table;
    this.body = table.tBodies[0];
    this.heads = Array.from(table.tHead.rows[0].cells);
    this.rows = Array.from(this.body.rows);
    this.rows.forEach((row, at) => { row.dataset.at = at; });
    this.shown = this.rows;
    this.page = 0;
    this.tools();
    this.heads.forEach((head, index) => this.sortable(head, index));
    this.show();
  }

  Sheet.prototype.tools = function () {
    const name = this.table.id + '-filter';
    const bar = make('div', {class: 'tools'});
    const label = make('label', {for: name}, 'Filter');
    this.input = make('input', {id: name, type: 'search', autocomplete: 'off', placeholder: 'words, all must be there'});
    label.append(this.input);
    bar.append(label);
    this.selects = [];
    this.heads.forEach((head, index) => { if ('choices' in head.dataset) this.choice(bar, head, index); });
    this.status = make('span', {role: 'status', class: 'dim'});
    bar.append(this.status);
    bar.addEventListener('input', () => { this.page = 0; this.filter(); });
    const frame = this.table.parentElement;
    // Few rows need no filter; what leads to a row may still clear it.
    bar.hidden = this.rows.length <= FEW_ROWS;
    frame.before(bar);
    this.pager = make('div', {class: 'pager', hidden: ''});
    this.back = make('button', {type: 'button'}, 'Previous');
    this.on = make('button', {type: 'button'}, 'Next');
    this.place = make('span', {role: 'status'});
    this.back.addEventListener('click', () => { this.page -= 1; this.show(); });
    this.on.addEventListener('click', () => { this.page += 1; this.show(); });
    this.pager.append(this.back, this.place, this.on);
    frame.after(this.pager);
  };

  Sheet.prototype.choice = function (bar, head, index) {
    const values = new Set(this.rows.map((row) => row.cells[index].textContent));
    if (values.size < 2 || values.size > MAX_CHOICES) return;
    const label = make('label', {}, head.textContent);
    const select = make('select', {});
    select.append(make('option', {value: ''}, 'all'));
    for (const value of Array.from(values).sort()) select.append(make('option', {value: value}, value));
    label.append(select);
    bar.append(label);
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
    const keyed = this.rows.map((row) => ({row: row, at: Number(row.dataset.at), key: keyOf(row.cells[index], numeric)}));
    keyed.sort((one, other) => {
      const by = compare(one, other, numeric);
      const known = one.key !== null && other.key !== null;
      return (down && known ? -by : by) || one.at - other.at;
    });
    this.heads.forEach((each) => each.removeAttribute('aria-sort'));
    head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
    this.rows = keyed.map((each) => each.row);
    this.page = 0;
    this.filter();
  };

  Sheet.prototype.filter = function () {
    const words = this.input.value.toLowerCase().split(/\s+/).filter(Boolean);
    this.shown = this.rows.filter((row) => {
      if (!this.selects.every((each) => !each.select.value || row.cells[each.index].textContent === each.select.value)) return false;
      if (!words.length) return true;
      const text = row.textContent.toLowerCase();
      return words.every((word) => text.includes(word));
    });
    this.show();
  };

  Sheet.prototype.show = function () {
    const pages = Math.max(1, Math.ceil(this.shown.length / PAGE_ROWS));
    this.page = Math.min(Math.max(this.page, 0), pages - 1);
    const first = this.page * PAGE_ROWS;
    this.body.replaceChildren(...this.shown.slice(first, first + PAGE_ROWS));
    this.status.textContent = this.shown.length + ' of ' + this.rows.length + (this.rows.length === 1 ? ' row' : ' rows');
    this.pager.hidden = pages === 1;
    this.back.disabled = this.page === 0;
    this.on.disabled = this.page === pages - 1;
    this.place.textContent = 'page ' + (this.page + 1) + ' of ' + pages;
  };

  Sheet.prototype.find = function (name) {
    const row = this.rows.find((each) => each.id === name);
    if (!row) return null;
    if (!this.shown.includes(row)) {
      this.input.value = '';
      this.selects.forEach((each) => { each.select.value = ''; });
      this.filter();
    }
    this.page = Math.floor(this.shown.indexOf(row) / PAGE_ROWS);
    this.show();
    return row;
  };

  const sheets = Array.from(document.querySelectorAll('table[data-sortable]')).map((table) => new Sheet(table));

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
