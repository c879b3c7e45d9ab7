// Predict, many pictures: the answers of a job, a page of the table at a time. The job runs on the server: this only looks.
window.studioMany = (element, watch, open) => {
  const list = () => document.querySelector("#predict-jobs");
  const frame = () => element.querySelector(".predict-job");
  let asked = {}, timer = 0, shown = {}, round = 0;

  const address = (id, path = "") => `studio/predictions/${encodeURIComponent(id)}${path}`;
  const job = () => frame()?.dataset.job ?? "";

  const fill = (name, html) => {
    if (shown[name] === html || !frame()) return;
    shown[name] = html;
    const part = frame().querySelector(`.predict-job-${name}`);
    const within = part.contains(document.activeElement) ? document.activeElement : null;
    const again = within && ["order", "unsure", "failed", "sort", "label", "unknown", "first", "act", "apart", "folder"]
      .map((key) => within.dataset[key] !== undefined && `[data-${key}="${within.dataset[key]}"]`).find(Boolean);
    part.innerHTML = html;
    if (again) part.querySelector(again)?.focus();
  };

  const look = async () => {
    clearTimeout(timer);
    const id = job(), mine = ++round;
    if (!id) return;
    let answer = null;
    try {
      const response = await fetch(`${address(id)}?${new URLSearchParams(asked)}`, { credentials: "same-origin" });
      if (response.status === 404) return gone(id);
      if (response.ok) answer = await response.json();
    } catch { /* the server is away: asked again below */ }
    if (mine !== round || id !== job()) return;
    problem(answer ? "" : frame().dataset.lost);
    if (answer) {
      const before = frame().dataset.status;
      frame().dataset.status = answer.status;
      frame().setAttribute("aria-busy", String(answer.status === "working"));
      for (const name of ["head", "table", "tools", "copying"]) fill(name, answer[name]);
      if (before !== answer.status || mine % 10 === 0) earlier();
    }
    if (!answer || answer.active) timer = setTimeout(look, document.hidden ? 5000 : 1000);
  };

  const gone = (id) => {
    if (job() === id) element.querySelector(".predict-job")?.remove();
    earlier();
  };

  const problem = (text) => {
    const said = frame()?.querySelector(".predict-job-problem");
    if (said) { said.textContent = text; said.hidden = !text; }
  };

  const earlier = async () => {
    try {
      const response = await fetch("studio/predictions", { credentials: "same-origin" });
      if (!response.ok || !list()) return null;
      const answer = await response.json();
      if (list().innerHTML !== answer.html) list().innerHTML = answer.html;
      mark();
      return answer;
    } catch { return null; /* later */ }
  };
  const mark = () => {
    for (const one of list()?.querySelectorAll("[data-show]") ?? [])
      one.setAttribute("aria-current", String(one.dataset.show === job()));
  };

  const show = (id) => {
    const now = frame();
    if (!now) return open(id);  // the server brings a frame; its coming begins to look
    now.dataset.job = id;
    begin();
  };
  const begin = () => {
    asked = {};
    shown = {};
    mark();
    look();
  };

  const send = async (path, body) => {
    const options = { method: "POST", credentials: "same-origin", body: body ? JSON.stringify(body) : undefined };
    let said = frame().dataset.lost, answer = null;
    try {
      const response = await fetch(address(job(), path), options);
      answer = await response.json();
      said = response.ok ? "" : answer.problem ?? said;
    } catch { /* said below */ }
    if (frame()) problem(said);
    return said ? null : answer;
  };

  // What was deleted lies in the bin: a line with the way back, until something else is shown
  const binned = (words, { entry, name }) => {
    const line = document.createElement("p"), button = document.createElement("button");
    line.className = "predict-binned"; line.setAttribute("role", "status");
    line.append(document.createTextNode(words.binned.replace("%", name)), button);
    button.type = "button"; button.className = "res-button small"; button.textContent = words.undo;
    button.addEventListener("click", async () => {
      button.disabled = true;
      const response = await fetch(address("bin", `/${encodeURIComponent(entry)}/undo`), { method: "POST", credentials: "same-origin" }).catch(() => null);
      const answer = await response?.json().catch(() => null);
      if (!response?.ok) { line.textContent = answer?.problem ?? words.lost; return; }
      line.remove();
      open(answer.job);
      earlier();
    });
    element.append(line);
    button.focus();
  };

  const act = async (name, button) => {
    const words = frame().dataset;
    const question = { title: words.sure, yes: button.textContent, no: words.keep, danger: true };
    if (name === "delete" && !(await window.studioAsk(question))) return;
    const id = job();
    button.disabled = true;
    const done = await send(`/${name}`);
    button.disabled = false;
    if (done && name === "delete") { gone(id); binned(words, done); return; }
    if (done) { shown.tools = null; look(); }
  };

  const change = (values) => {
    asked = Object.fromEntries(Object.entries({ ...asked, first: 0, ...values }).filter(([, value]) => value !== null && value !== false));
    look();
  };

  element.addEventListener("click", (event) => {
    const target = event.target.closest("button");
    if (!target) return;
    const data = target.dataset;
    if (data.act) act(data.act, target);
    else if (data.first !== undefined) change({ first: data.first });
    else if (data.label) change({ unknown: null, label: target.getAttribute("aria-pressed") === "true" ? null : data.label });
    else if ("unknown" in data) change({ label: null, unknown: target.getAttribute("aria-pressed") !== "true" });
    else if (data.sort) change({ order: data.sort, reverse: asked.order === data.sort && !asked.reverse });
    else if ("copyInto" in data) {
      const folder = frame().querySelector("[data-folder]").value, unsure = frame().querySelector("[data-apart]").checked;
      send("/copy", { folder, unsure }).then((done) => done && look());
    }
  });
  element.addEventListener("change", (event) => {
    const { target } = event, { dataset } = target;
    if ("order" in dataset) change({ order: target.value, reverse: null });
    else if ("unsure" in dataset) change({ unsure: target.checked });
    else if ("failed" in dataset) change({ failed: target.checked });
    else if ("apart" in dataset) {
      const link = frame().querySelector("[data-zip]");
      link.href = link.getAttribute("href").split("?")[0] + (target.checked ? "?unsure=true" : "");
    }
  });
  document.addEventListener("click", (event) => {
    const one = event.target.closest?.("#predict-jobs [data-show]");
    if (!one) return;
    show(one.dataset.show);
    frame()?.scrollIntoView({ block: "nearest" });
  });
  document.addEventListener("visibilitychange", () => { if (!document.hidden && frame()) look(); });
  watch("value", () => setTimeout(() => { if (frame()) begin(); }, 0));
  earlier().then((answer) => { if (answer?.at_work && !frame()) open(answer.at_work); });  // a page that was loaded again
};

// Predict: the training pictures that a picture resembles, fetched when they are asked for.
document.addEventListener("toggle", ({ target }) => {
  if (!target.matches?.(".predict-nearest")) return;
  const body = target.querySelector("[aria-live]");
  const look = async () => {
    if (!target.open || !target.isConnected || target.dataset.state === "ready") return;
    let answer = null;
    try {
      const response = await fetch(target.dataset.nearest, { credentials: "same-origin" });
      if (response.ok) answer = await response.json();
    } catch { /* asked again below */ }
    if (answer) {
      target.dataset.state = answer.state;
      if (answer.state === "ready") body.innerHTML = answer.html;
      else body.textContent = answer.html;
    }
    if (answer?.state === "working") setTimeout(look, 1000);
  };
  look();
}, true);
