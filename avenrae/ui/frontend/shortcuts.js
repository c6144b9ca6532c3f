// Keys that press, focus or walk what is on the screen. They do nothing while somebody types, with a modifier held
// or with a dialog open; what is greyed is not pressed.

const boxes = new WeakMap();

export default function ({ parentElement, data }) {
  const root = parentElement.querySelector(".shortcuts");
  let keys = boxes.get(root);
  if (!keys) boxes.set(root, (keys = new Shortcuts()));
  keys.actions = data.actions;
  keys.start();
  return () => keys.stop();
}

class Shortcuts {
  constructor() {
    this.press = event => this.pressed(event);
  }

  start() {
    document.addEventListener("keydown", this.press, true);
  }

  stop() {
    document.removeEventListener("keydown", this.press, true);
  }

  pressed(event) {
    const action = this.actions[event.key];
    if (!action || event.ctrlKey || event.metaKey || event.altKey || event.repeat || isTyping(event)) return;
    if (document.querySelector('[role="dialog"]')) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (action.walk) return walk(action.walk, event.key === "k" ? -1 : 1);
    const found = document.querySelector(action.target);
    if (!found || found.disabled) return;
    if (action.focus) {
      found.scrollIntoView({ block: "center" });
      found.focus();
    } else {
      found.click();
    }
  }
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
