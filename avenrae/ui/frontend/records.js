// A list of records as a real HTML table. The server sorts and pages; this draws and reports clicks.
// Everything that comes from the data is set with textContent or as a checked href, never as HTML.

import { make, mounted, plain } from "./shared.js";

const SAFE = new Set(["http:", "https:", "mailto:", "tel:"]);

function safeHref(href) {
  if (!href) return "";
  try {
    return SAFE.has(new URL(href, location.href).protocol) ? href : "";
  } catch {
    return "";
  }
}

class Records {
  constructor(root) {
    this.root = root;
    this.rows = new Map();
    this.head = "";
    this.select = make("select");
    this.sortBy = make("label", { class: "sort-by" }, make("span", { text: "Sort by" }), this.select);
    this.caption = make("caption", { class: "unseen" });
    this.headRow = make("tr", { role: "row" });
    this.body = make("tbody", { role: "rowgroup" });
    // Roles are written out because the card layout changes `display`, which drops them in some browsers.
    this.table = make("table", { role: "table" }, this.caption,
      make("thead", { role: "rowgroup" }, this.headRow), this.body);
    this.frame = make("div", { class: "frame" }, this.table);
    this.empty = make("p", { class: "empty" });
    this.news = make("p", { class: "unseen", role: "status" });
    root.replaceChildren(this.sortBy, this.frame, this.empty, this.news);

    this.headRow.addEventListener("click", event => {
      const key = event.target.closest("button")?.dataset.sort;
      if (key) this.send("sort", this.data.sort === key ? `-${key}` : key);
    });
    this.select.addEventListener("change", () => this.send("sort", this.select.value));
    this.all = make("input", { type: "checkbox", "aria-label": "Choose all rows of this page" });
    this.all.addEventListener("change", () => this.choose(this.all.checked ? this.data.rows.map(r => r.id) : []));
    this.body.addEventListener("pointerdown", event => { this.pressed = [event.clientX, event.clientY]; });
    this.body.addEventListener("click", event => this.clicked(event));
    this.body.addEventListener("auxclick", event => {
      if (event.button === 1 && !event.target.closest("a")) this.newTab(event);
    });
    this.observer = new ResizeObserver(() => this.fit());
    this.observer.observe(root);
  }

  close() {
    this.observer.disconnect();
  }

  show(data) {
    const before = this.data;
    this.data = data;
    const focus = this.focused();
    this.showHead();
    this.showRows();
    this.restore(focus);
    const empty = data.rows.length === 0;
    this.frame.hidden = empty;
    this.empty.hidden = !empty;
    this.empty.textContent = data.empty;
    const sorted = this.sortedBy();
    this.caption.textContent = sorted ? `${data.label}, ${sorted}` : data.label;
    this.frame.setAttribute("aria-label", data.label);
    if (before && before.sort !== data.sort) this.news.textContent = sorted;
    this.fit();
  }

  sortedBy() {
    const { sort, columns } = this.data;
    const column = columns.find(c => c.sort && (c.sort === sort || `-${c.sort}` === sort));
    if (!column) return "";
    return `sorted by ${column.label}, ${sort.startsWith("-") ? "descending" : "ascending"}`;
  }

  showHead() {
    const { columns, sort } = this.data;
    const { selects } = this.data;
    const head = JSON.stringify([columns, selects]);
    if (head !== this.head) {
      this.head = head;
      this.rows.clear();
      this.headRow.replaceChildren(...columns.map(column => {
        const cell = make("th", { scope: "col", role: "columnheader", class: column.align });
        if (column.sort) {
          cell.append(make("button", { type: "button", "data-sort": column.sort },
            make("span", { text: column.label }), make("span", { class: "arrow", "aria-hidden": "true" })));
        } else {
          cell.append(make("span", { text: column.label }));
        }
        return cell;
      }));
      if (selects) this.headRow.prepend(make("th", { scope: "col", role: "columnheader", class: "pick" }, this.all));
      const sortable = columns.filter(c => c.sort);
      this.sortBy.hidden = sortable.length === 0;
      this.select.replaceChildren(
        make("option", { value: "", text: "Default order", hidden: "" }),
        ...sortable.flatMap(c => [
          make("option", { value: c.sort, text: `${c.label} ↑` }),
          make("option", { value: `-${c.sort}`, text: `${c.label} ↓` }),
        ]));
    }
    columns.forEach((column, index) => {
      if (!column.sort) return;
      const order = sort === column.sort ? "ascending" : sort === `-${column.sort}` ? "descending" : "none";
      this.headRow.children[index + (selects ? 1 : 0)].setAttribute("aria-sort", order);
    });
    this.select.value = sort;
  }

  // Rows that did not change keep their elements, so nothing flashes and focus and selection stay.
  showRows() {
    const old = this.rows;
    this.rows = new Map();
    let at = this.body.firstElementChild;
    this.data.rows.forEach((row, index) => {
      const key = this.rows.has(row.id) ? `${row.id}\n${index}` : row.id;
      const written = JSON.stringify(row);
      let shown = old.get(key);
      if (!shown || shown.written !== written) shown = { written, element: this.row(row) };
      this.rows.set(key, shown);
      if (shown.element === at) at = at.nextElementSibling;
      else this.body.insertBefore(shown.element, at);
    });
    while (at) {
      const next = at.nextElementSibling;
      at.remove();
      at = next;
    }
    if (this.data.selects) this.mark(new Set(this.data.selected));
  }

  // What is chosen is the server's to say; until it has, the boxes show what was pressed.
  mark(chosen) {
    for (const row of this.body.children) {
      const box = row.querySelector(".pick input");
      box.checked = chosen.has(row.record.id);
      row.classList.toggle("chosen", box.checked);
    }
    this.all.checked = chosen.size > 0 && chosen.size === this.data.rows.length;
    this.all.indeterminate = chosen.size > 0 && chosen.size < this.data.rows.length;
  }

  choose(ids) {
    this.mark(new Set(ids));
    this.send("select", ids);
  }

  row(row) {
    const element = make("tr", { role: "row" });
    element.record = row;
    if (this.data.opens || row.href) element.className = "opens";
    if (this.data.selects) {
      const name = row.cells[this.data.columns.findIndex(c => c.primary)]?.text ?? "";
      const box = make("input", { type: "checkbox", "aria-label": `Choose ${name}` });
      box.addEventListener("change", () => this.choose(
        [...this.body.children].filter(r => r.querySelector(".pick input").checked).map(r => r.record.id)));
      element.append(make("td", { role: "cell", class: "pick" }, make("label", {}, box)));
    }
    this.data.columns.forEach((column, index) => {
      const { text, tone, sub, href } = row.cells[index];
      const cell = column.primary
        ? make("th", { scope: "row", role: "rowheader" })
        : make("td", { role: "cell" });
      cell.className = [column.align, column.primary && "primary", column.nowrap && "nowrap", column.wide && "wide",
        !text && "none"]
        .filter(Boolean).join(" ");
      cell.dataset.label = column.label;
      let value;
      const target = safeHref(column.primary ? row.href : href);
      if (target) value = make("a", { class: "value", href: target, text });
      else if (column.primary && this.data.opens) value = make("button", { type: "button", class: "value", text });
      else value = make("span", { class: "value", text: text || "–" });
      if (column.primary) value.classList.add("open");
      if (tone && text) value = make("span", { class: `badge ${tone}` }, value);
      const stack = make("div", { class: "stack" }, value);
      if (sub) stack.append(make("span", { class: "sub", text: sub }));
      cell.append(stack);
      element.append(cell);
    });
    return element;
  }

  clicked(event) {
    const { record } = event.target.closest("tr") ?? {};
    if (!record || event.target.closest(".pick")) return;
    const link = event.target.closest("a, button");
    if (link) {
      if (!plain(event)) return;
      if (link.classList.contains("open")) {
        if (!this.data.opens) return;
        event.preventDefault();
        this.open(record);
      } else if (this.data.follows && /^\/(?![/\\])/.test(link.getAttribute("href"))) {
        event.preventDefault();
        this.go("follow", link.getAttribute("href"), link.getAttribute("href"));
      }
      return;
    }
    if (this.selecting(event)) return;
    if ((event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey) this.newTab(event);
    else if (plain(event) && this.data.opens) this.open(record);
    else if (plain(event) && record.href) location.assign(safeHref(record.href));
  }

  open(record) {
    this.go("open", record.id, record.href);
  }

  // st.switch_page with query parameters makes two history entries, the first being this page with the other's
  // parameters, which breaks Back. It makes none when the address is already right.
  go(event, value, href) {
    this.send(event, value);
    if (href) history.pushState({}, "", href);
  }

  newTab(event) {
    const href = safeHref(event.target.closest("tr")?.record?.href);
    if (!href) return;
    event.preventDefault();
    window.open(href, "_blank", "noopener");
  }

  selecting(event) {
    const selection = this.root.getRootNode().getSelection?.() ?? document.getSelection();
    if (selection && selection.type === "Range" && selection.toString()) return true;
    const [x, y] = this.pressed ?? [event.clientX, event.clientY];
    return Math.hypot(event.clientX - x, event.clientY - y) > 6;
  }

  focused() {
    const active = this.root.getRootNode().activeElement;
    const row = active?.closest?.("tbody tr");
    if (!row || !this.body.contains(row)) return null;
    return { id: row.record.id, active, index: [...row.querySelectorAll("a, button, input")].indexOf(active) };
  }

  restore(focus) {
    if (!focus || this.root.getRootNode().activeElement === focus.active) return;
    const row = [...this.body.children].find(r => r.record.id === focus.id);
    row?.querySelectorAll("a, button, input")[focus.index]?.focus({ preventScroll: true });
  }

  // A table that does not fit scrolls inside its frame, and then can be scrolled with the keyboard too.
  fit() {
    this.frame.classList.remove("scrolls");
    const scrolls = this.table.scrollWidth > this.frame.clientWidth + 1;
    this.frame.classList.toggle("scrolls", scrolls);
    if (scrolls) {
      this.frame.tabIndex = 0;
      this.frame.setAttribute("role", "region");
    } else {
      this.frame.removeAttribute("tabindex");
      this.frame.removeAttribute("role");
    }
    this.root.style.setProperty("--top", `${this.covered()}px`);
  }

  // How much of the scrolling area's top Streamlit's own header covers; on wide screens it is transparent.
  covered() {
    let node = this.root;
    while (node && node !== document.body) {
      node = node.parentElement ?? node.getRootNode().host;
      if (node && /auto|scroll/.test(getComputedStyle(node).overflowY)) break;
    }
    const header = document.querySelector('[data-testid="stHeader"]');
    if (!node || !header || node.closest('[role="dialog"]')) return 0;
    const { backgroundColor, backdropFilter } = getComputedStyle(header);
    if (/(, 0\)|transparent)$/.test(backgroundColor) && backdropFilter === "none") return 0;
    const bar = header.getBoundingClientRect();
    return Math.max(0, bar.bottom - Math.max(0, node.getBoundingClientRect().top));
  }
}

export default mounted(".records", Records);
