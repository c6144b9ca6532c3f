// The time that is left of a hold, ticking in the browser. The server says how many seconds are left as it draws;
// the browser's own clock is only used for what passes from then on.

const views = new WeakMap();

export default function ({ parentElement, data, setTriggerValue }) {
  const root = parentElement.querySelector(".countdown");
  let view = views.get(root);
  if (!view) views.set(root, (view = new Countdown(root)));
  view.send = setTriggerValue;
  view.show(data);
  return () => view.stop();
}

const two = n => String(n).padStart(2, "0");

function digits(left) {
  const hours = Math.floor(left / 3600), minutes = Math.floor(left / 60) % 60, seconds = left % 60;
  return hours ? `${hours}:${two(minutes)}:${two(seconds)}` : `${two(minutes)}:${two(seconds)}`;
}

function words(minutes) {
  if (minutes < 1) return "less than a minute";
  const hours = Math.floor(minutes / 60), rest = minutes % 60;
  const parts = [];
  if (hours) parts.push(hours === 1 ? "1 hour" : `${hours} hours`);
  if (rest) parts.push(rest === 1 ? "1 minute" : `${rest} minutes`);
  return parts.join(" ");
}

class Countdown {
  constructor(root) {
    this.label = document.createElement("span");
    this.clock = document.createElement("span");
    this.clock.className = "clock";
    this.spelled = document.createElement("span");
    this.spelled.className = "spelled";
    // Read out at whole minutes only: a timer that speaks every second cannot be listened to.
    this.news = document.createElement("span");
    this.news.className = "unseen";
    this.news.setAttribute("role", "status");
    this.timer = document.createElement("span");
    this.timer.setAttribute("role", "timer");
    this.timer.setAttribute("aria-live", "off");
    this.timer.append(this.label, " ", this.clock, " ", this.spelled);
    root.replaceChildren(this.timer, this.news);
    this.root = root;
  }

  show(data) {
    this.data = data;
    this.ends = Date.now() + data.left * 1000;
    this.told = null;
    this.over = false;
    this.timer.setAttribute("aria-label", data.label);
    this.label.textContent = data.label;
    this.stop();
    this.tick();
    this.ticking = setInterval(() => this.tick(), 250);
  }

  stop() {
    clearInterval(this.ticking);
  }

  tick() {
    const left = Math.max(0, Math.ceil((this.ends - Date.now()) / 1000));
    if (!left) return this.end();
    this.root.classList.toggle("soon", left <= 120);
    this.clock.textContent = digits(left);
    const minutes = Math.floor(left / 60);
    if (minutes === this.told) return;
    const first = this.told === null;
    this.told = minutes;
    this.spelled.textContent = `(${words(minutes)})`;
    if (!first) this.news.textContent = `${this.data.label} ${words(minutes)}`;
  }

  end() {
    this.stop();
    if (this.over) return;
    this.over = true;
    this.root.classList.add("over");
    this.label.textContent = this.news.textContent = this.data.over;
    this.clock.textContent = this.spelled.textContent = "";
    this.send("over", this.data.id);
  }
}
