// SPDX-License-Identifier: Apache-2.0
// On every page: times in local time, and results that are waited for.

for (const time of document.querySelectorAll("time[datetime]"))
  time.textContent = new Date(time.dateTime).toLocaleString(document.documentElement.lang);

// Dates in forms are days of the browser.
for (const input of document.querySelectorAll("input[name=offset]"))
  input.value = new Date().getTimezoneOffset();

for (const button of document.querySelectorAll("[data-print]"))
  button.addEventListener("click", () => window.print());

// A result that is not there yet: ask for its state, and load the page again when it is.
const waiting = document.querySelector("[data-poll]");
if (waiting) {
  const ask = async (pause) => {
    try {
      const reply = await fetch(waiting.dataset.poll);
      if (reply.ok && (await reply.json()).state !== "waiting") return location.reload();
    } catch {
      // The server is away for a moment.
    }
    setTimeout(ask, pause, Math.min(pause * 1.5, 5000));
  };
  ask(500);
}

// The progress of a study that runs.
const live = document.querySelector("[data-live]");
if (live)
  setInterval(async () => {
    const reply = await fetch(live.dataset.live).catch(() => null);
    if (reply?.ok) live.textContent = (await reply.json()).text;
  }, 5000);
