// A day, a week or a month of sessions. The server says what stands where and in which words; this draws it and
// reports clicks. Everything that comes from the data is set with textContent, never as HTML.

import { make, mounted, plain } from "./shared.js";

const NARROW = 640;
const TIGHT = 118;

const inside = href => (/^\/(?![/\\])/.test(href) ? href : "");
const count = (n, one) => `${n} ${one}${n === 1 ? "" : "s"}`;

class Calendar {
  constructor(root) {
    this.root = root;
    root.addEventListener("click", event => this.clicked(event));
    this.observer = new ResizeObserver(() => this.resized());
    this.observer.observe(root);
  }

  close() {
    this.observer.disconnect();
    clearInterval(this.ticking);
  }

  show(data) {
    this.observer.observe(this.root);
    this.drawnAt = performance.now();
    clearInterval(this.ticking);
    this.ticking = setInterval(() => this.placeNow(), 30_000);
    const written = JSON.stringify({ ...data, days: data.days.map(day => ({ ...day, now: null })) });
    this.data = data;
    if (written === this.written) return this.placeNow();
    this.written = written;
    this.draw();
  }

  resized() {
    if (this.data && this.room() !== this.drawnFor) this.draw();
  }

  // "list" has no room for a grid; in "tight" columns a start has room, an end has not.
  room() {
    const width = this.root.clientWidth;
    if (width < NARROW) return "list";
    return width / this.data.days.length < TIGHT && this.data.view === "week" ? "tight" : "wide";
  }

  draw() {
    const focused = this.root.getRootNode().activeElement?.getAttribute?.("href");
    this.drawnFor = this.room();
    const { data } = this;
    const asList = this.drawnFor === "list" || data.list;
    const drawn = asList ? this.agenda() : data.view === "month" ? this.month() : this.grid();
    drawn.setAttribute("role", "region");
    drawn.setAttribute("aria-label", data.label);
    this.root.replaceChildren(drawn, ...this.legend(asList));
    this.placeNow();
    if (focused) this.root.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  }

  // Day and week: a column a day, minutes from top to bottom.
  grid() {
    const { days, hours, first, last } = this.data;
    const grid = make("div", { class: `grid ${days.length === 1 ? "one" : "seven"}` });
    grid.style.setProperty("--days", days.length);
    grid.style.setProperty("--first", first);
    grid.style.setProperty("--minutes", last - first);
    grid.append(make("div", { class: "corner" }), ...days.map(day => this.head(day)));
    const scale = make("div", { class: "scale", "aria-hidden": "true" });
    for (const { at, text } of hours) {
      if (at < first || at >= last) continue;
      scale.append(this.at(make("span", { text }), at, at + 60));
    }
    grid.append(scale, ...days.map(day => this.column(day)));
    return grid;
  }

  head(day) {
    const head = make("div", { class: `head${day.isToday ? " today" : ""}` }, this.dayLink(day));
    if (day.note) head.append(make("span", { class: "note", text: day.note }));
    return head;
  }

  dayLink(day) {
    return make("a", {
      class: "day-link", href: inside(day.href), "data-day": day.date,
      "aria-label": `${day.title}${day.isToday ? ", today" : ""}, ${count(day.entries.length, "session")}`,
    }, make("span", { class: "weekday", text: day.weekday }), make("span", { class: "number", text: day.number }));
  }

  column(day) {
    const { hours, first, last, hasHours } = this.data;
    const column = make("section", { class: `column${hasHours ? "" : " plain"}`, "aria-label": day.title });
    column.dataset.date = day.date;
    for (const [from, to] of day.open) column.append(this.at(make("div", { class: "open" }), from, to));
    for (const { at } of hours) {
      if (at > first && at < last) column.append(this.at(make("div", { class: "line" }), at, at));
    }
    for (const [from, to] of day.missing) column.append(this.at(make("div", { class: "missing" }), from, to));
    for (const { span, time, text } of day.blocked) {
      if (span[1] <= first || span[0] >= last) continue;
      column.append(this.at(make("div", { class: "blocked", title: `${text}, ${time}` },
        make("span", { class: "what", text }), make("span", { class: "sub", text: time })), ...span));
    }
    const list = make("ul");
    for (const entry of day.entries) list.append(...this.buffers(entry), this.entry(entry));
    column.append(list);
    return column;
  }

  buffers(entry) {
    const stretches = [[entry.from - entry.before, entry.from], [entry.to, entry.to + entry.after]];
    return stretches.filter(([from, to]) => to > from).map(([from, to]) => {
      const item = make("li", { class: "buffer", "aria-hidden": "true" });
      return this.lane(this.at(item, from, to), entry);
    });
  }

  entry(entry) {
    const minutes = entry.to - entry.from;
    const isTight = this.drawnFor === "tight" || (entry.lanes > 1 && this.data.days.length > 1);
    const squeeze = !isTight ? "" : entry.lanes > 2 ? " tight tightest" : " tight";
    const size = minutes < 40 ? "tiny" : minutes < 60 ? "small" : "";
    const link = make("a", {
      class: `entry ${entry.tone} ${size}${entry.isOff ? " off" : ""}${squeeze}`,
      href: inside(entry.href), "data-open": entry.id, "aria-label": entry.label, title: entry.label,
    },
      make("span", { class: "time" }, make("span", { class: "mark" }),
        make("span", { text: size === "tiny" || isTight ? entry.starts : entry.time })),
      make("span", { class: "what", text: entry.title }),
      make("span", { class: "sub", text: entry.sub }),
      make("span", { class: "status", text: entry.status }));
    return this.lane(this.at(make("li", {}, link), entry.from, entry.to), entry);
  }

  lane(node, { lane, lanes }) {
    node.style.setProperty("--lane", lane);
    node.style.setProperty("--lanes", lanes);
    return node;
  }

  at(node, from, to) {
    const { first, last } = this.data;
    const top = Math.max(from, first);
    node.style.setProperty("--at", top - first);
    node.style.setProperty("--long", Math.max(0, Math.min(to, last) - top));
    return node;
  }

  // The line of the present moves by itself, without asking the server.
  placeNow() {
    this.root.querySelector(".now")?.remove();
    const day = this.data.days.find(d => d.now !== null);
    const column = day && this.root.querySelector(`.column[data-date="${day.date}"]`);
    if (!column) return;
    const now = day.now + Math.floor((performance.now() - this.drawnAt) / 60_000);
    if (now < this.data.first || now >= this.data.last) return;
    column.append(this.at(make("div", { class: "now", "aria-hidden": "true" }), now, now));
  }

  month() {
    const month = make("div", { class: "month" });
    month.append(...this.data.days.slice(0, 7).map(day => make("div", { class: "weekday-head", text: day.weekday })));
    for (const day of this.data.days) {
      const names = ["cell", day.isToday && "today", day.outside && "outside",
        this.data.hasHours && !day.open.length && "closed"];
      const cell = make("section", { class: names.filter(Boolean).join(" "), "aria-label": day.title },
        make("div", { class: "cell-head" }, this.dayLink(day), ...this.tag(day)));
      const list = make("ul");
      const shown = day.entries.length > 4 ? day.entries.slice(0, 3) : day.entries;
      for (const entry of shown) {
        list.append(make("li", {}, make("a", {
          class: `chip ${entry.tone}${entry.isOff ? " off" : ""}`, href: inside(entry.href), "data-open": entry.id,
          "aria-label": entry.label, title: entry.label,
        }, make("span", { class: "mark" }), make("span", { class: "time", text: entry.starts }),
          make("span", { class: "what", text: entry.title }))));
      }
      cell.append(list);
      if (shown.length < day.entries.length) {
        const more = day.entries.length - shown.length;
        cell.append(make("a", {
          class: "more", href: inside(day.href), "data-day": day.date, text: `${more} more`,
          "aria-label": `${more} more on ${day.title}`,
        }));
      }
      month.append(cell);
    }
    return month;
  }

  tag(day) {
    const away = day.blocked.map(({ text, time }) => `${text}, ${time}`).join("; ");
    const texts = day.note ? [["Clock change", day.note]] : [];
    if (away) texts.push([day.blocked.length === 1 ? day.blocked[0].text : `${day.blocked.length} times away`, away]);
    return texts.map(([text, title]) => make("span", { class: "tag", text, title }));
  }

  // Phones, and days of many people: a list under each day.
  agenda() {
    const { days, view, empty } = this.data;
    const shown = days.filter(d => d.entries.length || d.blocked.length || (view !== "month" && !this.data.list)
      || (d.isToday && !d.outside)).filter(d => !d.outside);
    const agenda = make("div", { class: "agenda" });
    // On a phone the day that matters is at the top; what is over is folded away.
    const today = days.find(d => d.isToday)?.date ?? "";
    const over = shown.filter(d => d.date < today);
    if (over.length) {
      const n = over.reduce((sum, d) => sum + d.entries.length, 0);
      agenda.append(make("details", {}, make("summary", { text: `Before today: ${count(n, "session")}` }),
        ...over.map(d => this.agendaDay(d))));
    }
    for (const day of shown.slice(over.length)) agenda.append(this.agendaDay(day));
    if (!shown.length) agenda.append(make("p", { class: "empty", text: empty }));
    return agenda;
  }

  agendaDay(day) {
    const { hasHours, days, empty } = this.data;
    const title = make("h3", {}, make("span", { text: day.title }));
    if (day.isToday) title.append(make("span", { class: "tag", text: "Today" }));
    const section = make("section", { class: day.isToday ? "today" : "", "aria-label": day.title });
    if (days.length > 1) section.append(title);
    const hours = [hasHours && (day.openText ? `Open ${day.openText}` : "Closed"), day.note].filter(Boolean).join(" · ");
    if (hours) section.append(make("p", { class: "hours", text: hours }));
    const items = day.blocked.map(({ span, time, text }) => [span[0], make("li", {}, make("div", { class: "row away" },
      make("span", { class: "time", text: time }), make("span", { class: "what", text })))]);
    for (const entry of day.entries) {
      items.push([entry.from, make("li", {}, make("a", {
        class: `row ${entry.tone}${entry.isOff ? " off" : ""}`, href: inside(entry.href), "data-open": entry.id,
        "aria-label": entry.label,
      },
        make("span", { class: "time", text: entry.time }),
        make("span", { class: "lines" }, make("span", { class: "what", text: entry.title }),
          make("span", { class: "sub", text: entry.sub })),
        make("span", { class: "status" }, make("span", { class: "mark" }), make("span", { text: entry.status }))))]);
    }
    const list = make("ul", {}, ...items.sort(([a], [b]) => a - b).map(([, item]) => item));
    if (list.children.length) section.append(list);
    else section.append(make("p", { class: "none", text: days.length === 1 ? empty : "No sessions" }));
    return section;
  }

  legend(asList) {
    const items = this.data.legend.map(({ text, tone }) =>
      make("li", { class: tone }, make("span", { class: "mark" }), make("span", { text })));
    const has = test => this.data.days.some(test);
    if (!asList && this.data.view !== "month") {
      const { first, last } = this.data;
      if (has(d => d.missing.some(([from, to]) => to > first && from < last))) {
        items.push(make("li", {}, make("span", { class: "swatch missing" }), "No such hour on that day"));
      }
      if (has(d => d.open.length)) items.push(make("li", {}, make("span", { class: "swatch open" }), "Open hours"));
      if (has(d => d.blocked.length || d.entries.some(e => e.before || e.after))) {
        items.push(make("li", {}, make("span", { class: "swatch hatched" }), "Blocked, or kept free around a session"));
      }
    }
    return items.length && !asList ? [make("ul", { class: "legend", "aria-label": "Key" }, ...items)] : [];
  }

  clicked(event) {
    const link = event.target.closest("a");
    if (!link || !plain(event)) return;
    event.preventDefault();
    if (link.dataset.day) this.send("day", link.dataset.day);
    else {
      this.send("open", link.dataset.open);
      // st.switch_page with query parameters makes two history entries unless the address is already right.
      history.pushState({}, "", link.getAttribute("href"));
    }
  }
}

export default mounted(".calendar", Calendar);
