// SPDX-License-Identifier: Apache-2.0
// Uploads files one after another, with a line for each. A file is sent again if the session has
// ended, if the server is away for a while, or if its disk is full.

const kMostTries = 10;

const form = document.querySelector("form.upload");
if (form) start(form);

function start(form) {
  const input = form.querySelector("input[type=file]");
  const list = form.querySelector(".queue");
  const patient = form.elements.patient.value;
  const queue = [];
  let running = false;

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    take(input.files);
    input.value = "";
  });
  input.addEventListener("change", () => {
    take(input.files);
    input.value = "";
  });
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    form.classList.add("over");
  });
  document.addEventListener("dragleave", () => form.classList.remove("over"));
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    form.classList.remove("over");
    take(event.dataTransfer.files);
  });
  document.addEventListener("paste", (event) => take(event.clipboardData.files));

  function take(files) {
    for (const file of files) {
      const line = document.createElement("li");
      line.textContent = file.name;
      const state = document.createElement("span");
      line.append(" ", state);
      list.append(line);
      queue.push({file, line, state});
    }
    if (!running) work();
  }

  async function work() {
    running = true;
    while (queue.length > 0) {
      const one = queue.shift();
      one.state.textContent = "…";
      if (await send(one)) continue;
      queue.push(one); // again later; those behind it go first
      await new Promise((resume) => setTimeout(resume, 3000));
    }
    running = false;
  }

  // Returns false if the file has to be sent again.
  async function send(one) {
    const {file, line, state} = one;
    one.tries = (one.tries ?? 0) + 1;
    const tell = (text) => {
      state.textContent = text;
      state.setAttribute("role", "alert");
      return true;
    };
    if (file.size > Number(form.dataset.limit)) return tell(form.dataset.large);
    const query = new URLSearchParams({patient, wait_s: "2"});
    const main = document.querySelector("main");
    let reply;
    try {
      reply = await fetch(`/api/upload?${query}`, {
        method: "POST",
        body: file,
        headers: {"X-Csrf": main.dataset.csrf, "X-File-Name": encodeURIComponent(file.name)},
      });
    } catch (error) {
      // The server is away, or the file is no longer there.
      return one.tries < kMostTries ? false : tell(String(error));
    }
    const answer = await reply.json().catch(() => ({error: `${reply.status}`}));
    if (reply.status === 401) {
      // The session has ended. A link opens the sign-in page beside this one; sending goes on after.
      one.tries = 0;
      const link = document.createElement("a");
      link.href = "/signin";
      link.target = "_blank";
      link.textContent = form.dataset.ended;
      if (!state.querySelector("a")) state.replaceChildren(link);
    }
    if (reply.status === 401 || (reply.status === 403 && one.tries < kMostTries)) {
      // A new session has another token.
      const page = await fetch("/").then((fresh) => fresh.text()).catch(() => "");
      const fresh = new DOMParser().parseFromString(page, "text/html").querySelector("main");
      if (fresh?.dataset.csrf) main.dataset.csrf = fresh.dataset.csrf;
      return false;
    }
    if (reply.status >= 500 && one.tries < kMostTries) {
      state.textContent = answer.error;
      return false;
    }
    if (!reply.ok) return tell(answer.error);
    const link = document.createElement("a");
    link.href = answer.page;
    link.textContent = file.name;
    line.replaceChildren(link, " ", state);
    if (list.children.length === 1) location.assign(answer.page);
    else show(state, answer.id);
    return true;
  }

  // Shows the place in the queue, then the result.
  async function show(state, id) {
    const percent = new Intl.NumberFormat(document.documentElement.lang, {style: "percent"});
    for (let pause = 300; ; pause = Math.min(pause * 1.5, 3000)) {
      const reply = await fetch(`/exams/${id}/state.json`).catch(() => null);
      if (reply && !reply.ok) return;
      const exam = reply ? await reply.json() : {state: "waiting", before: 0};
      if (exam.state === "failed") state.textContent = `${form.dataset.failed}: ${exam.message}`;
      else if (exam.finding) state.textContent = `${exam.finding}, ${percent.format(exam.probability)}`;
      else if (exam.state === "done") state.textContent = form.dataset.done;
      else state.textContent = `${form.dataset.waiting}. ${form.dataset.before.replace("{1}", exam.before)}`;
      if (exam.state !== "waiting") return;
      await new Promise((resume) => setTimeout(resume, pause));
    }
  }
}
