// Brings one element of the page into view, once: the message that a link named, or where one goes on reading.
// It may be drawn a moment later than this.

const PATIENCE = 4_000;
const revealed = new WeakMap();

export default function ({ parentElement, data }) {
  const root = parentElement.querySelector(".reveal");
  if (revealed.get(root) === data.target) return;
  const begun = Date.now();
  const timer = setInterval(() => {
    const found = document.getElementById(data.target);
    if (found) {
      found.scrollIntoView({ block: data.block });
      revealed.set(root, data.target);
    }
    if (found || Date.now() - begun > PATIENCE) clearInterval(timer);
  }, 100);
  return () => clearInterval(timer);
}
