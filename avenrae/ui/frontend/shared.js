// What the scripts beside this one have in common.

// A component that keeps one view for each place it stands in, shows it new data and closes it when it leaves.
export function mounted(selector, View) {
  const views = new WeakMap();
  return ({ parentElement, data, setTriggerValue }) => {
    const root = parentElement.querySelector(selector);
    let view = views.get(root);
    if (!view) views.set(root, (view = new View(root)));
    view.send = setTriggerValue;
    view.show(data);
    return () => view.close();
  };
}

// An element; `text` is set as text, never as HTML.
export function make(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "text") node.textContent = value;
    else if (name === "class") node.className = value;
    else node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

// A click that asks for no new tab or window.
export const plain = event =>
  event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
