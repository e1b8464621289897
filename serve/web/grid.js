// SPDX-License-Identifier: Apache-2.0
// The grid of a store's rows. Only the rows in view are in the page: blocks of a fixed number of
// rows are loaded when they come near, each as one list and one picture.

const kGap = 6, kRowsAhead = 6, kMostBlocks = 60;

if (innerWidth < 640) document.querySelector(".filters").open = false;
const root = document.querySelector(".grid");
if (root) start(root);

function start(grid) {
  const side = Number(grid.dataset.side), count = Number(grid.dataset.count);
  const cell = side + kGap, classes = grid.dataset.classes.split("\n");
  const may = grid.dataset.may === "1";
  let columns = 1, block_rows = 1;
  const blocks = new Map();   // number -> {rows, picture}
  const cells = new Map();    // place in the list -> element
  const selected = new Set(); // places
  let focus = 0, anchor = 0;

  grid.replaceChildren();
  grid.tabIndex = 0;
  grid.setAttribute("role", "listbox");
  grid.setAttribute("aria-multiselectable", "true");
  const height = document.createElement("div");
  grid.append(height);
  const bar = document.createElement("p");
  bar.className = "keys muted";
  bar.textContent = grid.dataset.keys;
  const tools = document.createElement("p");
  tools.className = "tools";
  grid.before(tools, bar);

  const block_size = () => columns * block_rows;
  function measure() {
    const before = columns;
    columns = Math.max(1, Math.floor((grid.clientWidth - kGap) / cell));
    block_rows = Math.max(1, Math.ceil(100 / columns));
    height.style.height = `${Math.ceil(count / columns) * cell}px`;
    if (columns !== before) {
      blocks.clear();
      for (const one of cells.values()) one.remove();
      cells.clear();
    }
    draw();
  }

  function load(number) {
    if (blocks.has(number)) return blocks.get(number);
    const block = {rows: null, picture: null};
    blocks.set(number, block);
    if (blocks.size > kMostBlocks) blocks.delete(blocks.keys().next().value);
    fill(block, number).catch(() => blocks.delete(number));
    return block;
  }

  async function fill(block, number) {
    const from = number * block_size(), before = sent;
    const reply = await fetch(
      `/api/curate/rows?list=${grid.dataset.list}&from=${from}&count=${block_size()}`);
    // The server was started anew, or the page is very old.
    if (reply.status === 404) location.reload();
    const {rows: loaded} = await reply.json();
    // What was decided meanwhile may not be in it.
    if (sent !== before) load_again([number]);
    if (sent !== before && block.rows) return;
    block.rows = loaded;
    const rows = block.rows.map((row) => row.n).join(",");
    block.picture = `/curate/sheet.png?columns=${columns}&rows=${rows}`;
    draw();
  }

  let asked = false;
  function draw() {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      paint();
    });
  }

  function paint() {
    const top = Math.max(0, Math.floor(grid.scrollTop / cell) - kRowsAhead);
    const bottom = Math.ceil((grid.scrollTop + grid.clientHeight) / cell) + kRowsAhead;
    const first = top * columns, last = Math.min(count, bottom * columns);
    for (const [place, element] of cells)
      if (place < first || place >= last) {
        element.remove();
        cells.delete(place);
      }
    for (let place = first; place < last; ++place) {
      const number = block_of(place), block = load(number);
      if (!block.rows) continue;
      const at = place - number * block_size(), row = block.rows[at];
      if (!row) continue;
      let element = cells.get(place);
      if (!element) {
        element = document.createElement("div");
        element.setAttribute("role", "option");
        element.id = `cell-${place}`;
        element.style.transform =
          `translate(${(place % columns) * cell}px, ${Math.floor(place / columns) * cell}px)`;
        element.style.backgroundImage = `url("${block.picture}")`;
        element.style.backgroundPosition =
          `-${(at % columns) * side}px -${Math.floor(at / columns) * side}px`;
        cells.set(place, element);
        height.append(element);
      }
      const words = [row.label, row.origin, row.relabel && `→ ${row.relabel}`, ...(row.tags ?? [])];
      element.dataset.verdict = row.verdict ?? "";
      element.dataset.origin = row.origin;
      element.setAttribute("aria-label", [row.id, ...words, row.verdict].filter(Boolean).join(", "));
      element.title = element.getAttribute("aria-label");
      element.setAttribute("aria-selected", String(selected.has(place)));
      element.classList.toggle("focus", place === focus);
    }
    grid.setAttribute("aria-activedescendant", `cell-${focus}`);
  }

  function row_at(place) {
    return blocks.get(block_of(place))?.rows?.[place % block_size()];
  }

  function go(place, extend) {
    focus = Math.min(count - 1, Math.max(0, place));
    if (!extend) {
      selected.clear();
      anchor = focus;
    }
    if (extend)
      for (let i = Math.min(anchor, focus); i <= Math.max(anchor, focus); ++i) selected.add(i);
    const y = Math.floor(focus / columns) * cell;
    if (y < grid.scrollTop) grid.scrollTop = y;
    if (y + cell > grid.scrollTop + grid.clientHeight) grid.scrollTop = y + cell - grid.clientHeight;
    draw();
  }

  async function post(path, body) {
    const reply = await fetch(path, {
      method: "POST",
      body: JSON.stringify(body),
      headers: {"X-Csrf": document.querySelector("main").dataset.csrf},
    }).catch((error) => ({ok: false, status: error.message, json: async () => ({})}));
    if (!reply.ok) bar.textContent = (await reply.json().catch(() => ({}))).error ?? `${reply.status}`;
    return reply.ok ? reply.json().catch(() => null) : null;
  }

  // What is decided shows at once and is sent in its order.
  let sending = Promise.resolve(), unsent = 0, sent = 0; // sent: all steps so far
  const stale = new Set(); // blocks
  addEventListener("beforeunload", (event) => {
    if (unsent > 0) event.preventDefault();
  });

  function send(path, body) {
    ++unsent;
    ++sent;
    const answer = sending.then(() => post(path, body));
    sending = answer.then(() => {
      --unsent;
      load_again([]);
    });
    return answer;
  }

  function block_of(place) {
    return Math.floor(place / block_size());
  }

  // What rows are after a step is known to the server; it is asked when all steps are sent.
  function load_again(numbers) {
    for (const number of numbers) stale.add(number);
    if (unsent > 0) return;
    for (const number of stale) {
      const block = blocks.get(number);
      if (block) fill(block, number).catch(() => blocks.delete(number));
    }
    stale.clear();
  }

  function decide(change) {
    // A row that is focused, but not loaded yet, has not been seen.
    if (!may || count === 0 || (selected.size === 0 && !row_at(focus))) return;
    const places = selected.size > 0 ? [...selected] : [focus];
    // Rows that are not loaded are decided on too.
    const rows = places.map(row_at).filter(Boolean);
    const later = new Set(places.filter((place) => !row_at(place)).map(block_of));
    const before = rows.map((row) => ({verdict: row.verdict, relabel: row.relabel, tags: row.tags}));
    for (const row of rows) {
      if ("verdict" in change) row.verdict = change.verdict;
      if ("label" in change) row.relabel = change.label;
      if ("tag" in change) row.tags = [...new Set([...(row.tags ?? []), change.tag])];
    }
    if (selected.size === 0) go(focus + 1, false);
    else draw();
    send("/api/curate/decide", {list: grid.dataset.list, places, ...change}).then((done) => {
      if (done) return load_again(later);
      rows.forEach((row, i) => Object.assign(row, before[i]));
      draw();
    });
  }

  async function undo() {
    if (await send("/api/curate/undo", {})) load_again(blocks.keys());
  }

  const keys = {
    ArrowLeft: (event) => go(focus - 1, event.shiftKey),
    ArrowRight: (event) => go(focus + 1, event.shiftKey),
    ArrowUp: (event) => go(focus - columns, event.shiftKey),
    ArrowDown: (event) => go(focus + columns, event.shiftKey),
    Home: (event) => go(0, event.shiftKey),
    End: (event) => go(count - 1, event.shiftKey),
    PageUp: (event) => go(focus - columns * Math.floor(grid.clientHeight / cell), event.shiftKey),
    PageDown: (event) => go(focus + columns * Math.floor(grid.clientHeight / cell), event.shiftKey),
    Enter: () => {
      const row = row_at(focus);
      if (row) sending.then(() => location.assign(`/curate/rows/${row.n}?${grid.dataset.filter}`));
    },
    a: () => decide({verdict: "accept"}),
    r: () => decide({verdict: "reject"}),
    o: () => decide({verdict: ""}),
    u: undo,
    t: () => {
      const tag = prompt(grid.dataset.tag);
      if (tag) decide({tag});
    },
  };
  // The same without keys.
  for (const [key, name] of [["a", "accept"], ["r", "reject"], ["o", "open"], ["t", "tag"], ["u", "undo"]]) {
    if (!may) break;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = grid.dataset[name];
    button.addEventListener("click", keys[key]);
    tools.append(button);
  }
  grid.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const digit = Number(event.key);
    const action =
      digit >= 1 && digit <= classes.length
        ? () => decide({label: classes[digit - 1]})
        : event.key === "0"
          ? () => decide({label: ""})
          : keys[event.key];
    if (!action) return;
    event.preventDefault();
    action(event);
  });
  grid.addEventListener("click", (event) => {
    const element = event.target.closest("[role=option]");
    if (!element) return;
    const place = Number(element.id.slice(5));
    if (event.ctrlKey || event.metaKey) {
      selected.has(place) ? selected.delete(place) : selected.add(place);
      focus = place;
      draw();
    } else {
      go(place, event.shiftKey);
    }
  });
  grid.addEventListener("dblclick", () => keys.Enter());
  grid.addEventListener("scroll", draw, {passive: true});
  new ResizeObserver(measure).observe(grid);
}
