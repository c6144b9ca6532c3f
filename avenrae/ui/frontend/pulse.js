// Lets a page that is being looked at ask for news every few seconds, and tell whether its reader is writing.
// It is silent while the tab is hidden, while a dialog is open, while nobody has touched anything for half an hour,
// and for a moment after each touch, so that it never meets a click on its way to the server.

const IDLE = 30 * 60_000;
const TOUCHED = 600;
const WRITES = 12_000;
const pulses = new WeakMap();

export default function ({ parentElement, data, setTriggerValue }) {
  const root = parentElement.querySelector(".pulse");
  let pulse = pulses.get(root);
  if (!pulse) pulses.set(root, (pulse = new Pulse(data.every * 1000)));
  pulse.send = setTriggerValue;
  pulse.start();
  return () => pulse.stop();
}

class Pulse {
  constructor(every) {
    this.every = every;
    this.touched = Date.now();
    this.beaten = this.touched - every + 1500; // the first one tells the others soon that this page is open
    this.typed = 0;
    this.touch = event => {
      this.touched = Date.now();
      if (event.type === "input" && event.target?.tagName === "TEXTAREA") this.typed = this.touched;
    };
  }

  start() {
    if (this.timer) return;
    for (const type of ["pointerdown", "keydown", "input"]) document.addEventListener(type, this.touch, true);
    this.timer = setInterval(() => this.look(), 500);
  }

  stop() {
    clearInterval(this.timer);
    this.timer = 0;
    for (const type of ["pointerdown", "keydown", "input"]) document.removeEventListener(type, this.touch, true);
  }

  look() {
    const now = Date.now();
    if (document.visibilityState !== "visible" || now - this.touched > IDLE || now - this.touched < TOUCHED) return;
    if (now - this.beaten < this.every || document.querySelector('[role="dialog"]')) return;
    this.beaten = now;
    this.send("beat", { writing: now - this.typed < WRITES });
  }
}
