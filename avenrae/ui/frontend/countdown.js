// The time that is left of a hold, ticking in the browser. The server says how many seconds are left as it draws;
// the browser's own clock is only used for what passes from then on.

import { make, mounted } from "./shared.js";

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
    this.label = make("span");
    this.clock = make("span", { class: "clock" });
    this.spelled = make("span", { class: "spelled" });
    // Read out at whole minutes only: a timer that speaks every second cannot be listened to.
    this.news = make("span", { class: "unseen", role: "status" });
    this.timer = make("span", { role: "timer", "aria-live": "off" }, this.label, " ", this.clock, " ", this.spelled);
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
    this.close();
    this.tick();
    this.ticking = setInterval(() => this.tick(), 250);
  }

  close() {
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
    this.close();
    if (this.over) return;
    this.over = true;
    this.root.classList.add("over");
    this.label.textContent = this.news.textContent = this.data.over;
    this.clock.textContent = this.spelled.textContent = "";
    this.send("over", this.data.id);
  }
}

export default mounted(".countdown", Countdown);
