// Keys that press, focus or walk what is on the screen. They do nothing while somebody types, with a modifier held
// or with a dialog open; what is greyed is not pressed. A key that comes while the page is being drawn waits for it.

const PATIENCE = 1500;
const LOOKS = 50;

let place = null; // where the keys of the page that is shown stand; none while one page gives way to the next
let actions = {};
let wish = null; // what was asked for and is not there yet, or may be drawn anew: a key and until when it counts
let timer = 0;

export default function ({ parentElement, data }) {
  const here = parentElement.querySelector(".shortcuts");
  place = here;
  actions = data.actions;
  document.addEventListener("keydown", press, true);
  document.addEventListener("pointerdown", forget, true);
  here.dataset.works = "yes";
  return () => {
    if (place !== here) return;
    place = null;
    setTimeout(leave, PATIENCE);
  };
}

function leave() {
  if (place) return;
  forget();
  document.removeEventListener("keydown", press, true);
  document.removeEventListener("pointerdown", forget, true);
}

function press(event) {
  forget();
  if (!actions[event.key] || event.ctrlKey || event.metaKey || event.altKey || event.repeat || isTyping(event)) return;
  if (document.querySelector('[role="dialog"]')) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  wish = { key: event.key, until: Date.now() + PATIENCE };
  timer = setInterval(grant, LOOKS);
  grant();
}

function forget() {
  clearInterval(timer);
  wish = null;
}

// Does what is wished, once it is there. The cursor is put back where it was wished while the page is drawn anew.
function grant() {
  if (Date.now() > wish.until) return forget();
  if (!place) return;
  const { key } = wish;
  const action = actions[key];
  const found = action?.target && document.querySelector(action.target);
  if (action?.focus) return found && focus(found);
  if (action?.target && !found) return;
  forget();
  if (action?.walk) walk(action.walk, key === "k" ? -1 : 1);
  else if (found && !found.disabled) found.click();
}

function focus(field) {
  if (field.disabled || document.activeElement === field) return;
  field.scrollIntoView({ block: "center" });
  field.focus();
}

function isTyping(event) {
  return event.composedPath().some(node => node instanceof HTMLElement
    && (/^(INPUT|TEXTAREA|SELECT)$/.test(node.tagName) && node.type !== "checkbox" || node.isContentEditable));
}

// Moves the focus along the rows of a list, which stands in a shadow of its own.
function walk(target, step) {
  const shadow = [...document.querySelectorAll(`${target} *`)].map(node => node.shadowRoot).find(Boolean);
  const rows = [...(shadow ?? document.querySelector(target))?.querySelectorAll("tbody .open") ?? []];
  if (!rows.length) return;
  const at = rows.findIndex(row => row.closest("tr").matches(":focus-within"));
  rows[at < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, at + step))].focus();
}
