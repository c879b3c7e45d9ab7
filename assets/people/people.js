(() => {
  const root = window.studioRoot, said = window.studioSaid || {};
  const all = (selector, inside = document) => [...inside.querySelectorAll(selector)];

  for (const button of all("[data-language]")) button.addEventListener("click", () => {
    document.cookie = `studio_language=${button.dataset.language};path=/;max-age=31536000;samesite=lax`;
    location.reload();
  });

  // JSON, which no other site can have a browser send without asking first
  async function post(path, body) {
    try {
      const answer = await fetch(`${root}/studio/people/${path}`, {
        method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body), credentials: "same-origin",
      });
      const text = await answer.text();
      let found = {};
      try { found = JSON.parse(text); } catch { found = { problem: text }; }
      return answer.ok ? found : { problem: found.problem || said.failed };
    } catch { return { problem: said.failed }; }
  }

  function forget() { // what the person before looked at
    for (const store of [localStorage, sessionStorage]) try {
      for (const key of Object.keys(store)) if (key.startsWith("studio-") && !["studio-theme", "studio-way"].includes(key)) store.removeItem(key);
    } catch {}
  }

  function done(element, found) {
    if ("show" in element.dataset && (found.password || found.pictures)) return shown(found);
    const way = element.dataset.form; // the next time this browser begins there
    if (way) try { localStorage.setItem("studio-way", way === "join" ? "pictures" : way); } catch {}
    if (element.dataset.after === "home") { forget(); location.assign(`${root}/`); } else location.reload();
  }

  const pictured = (name) => document.querySelector(`template[data-drawing="${CSS.escape(name)}"]`)?.innerHTML
    ?? document.querySelector(`[data-picture="${CSS.escape(name)}"]`)?.innerHTML ?? "";

  function shown(found) {
    const dialog = document.querySelector("[data-shown]");
    dialog.querySelector("[data-shown-text]").textContent = found.said;
    const secret = dialog.querySelector("[data-shown-secret]");
    secret.textContent = found.password || "";
    for (const [name, word] of found.pictures || []) {
      const figure = document.createElement("span");
      figure.innerHTML = said.drawings?.[name] ?? pictured(name); // our own drawings
      figure.title = word; figure.setAttribute("role", "img"); figure.setAttribute("aria-label", word);
      secret.append(figure);
    }
    dialog.showModal();
    dialog.querySelector("[data-shown-close]").onclick = () => location.reload();
  }

  const chosen = new Map();
  for (const field of all("[data-code]")) {
    const slots = all("[data-slot]", field), open = field.dataset.open === "true", picked = [];
    chosen.set(field, picked);
    const draw = () => slots.forEach((slot, at) => {
      slot.classList.toggle("people-full", at < picked.length);
      slot.innerHTML = open && picked[at] ? pictured(picked[at]) : "";
      slot.setAttribute("aria-label", picked[at] ? said.filled : said.empty);
    });
    for (const button of all("[data-picture]", field)) button.addEventListener("click", () => {
      if (picked.length < slots.length) picked.push(button.dataset.picture);
      draw();
    });
    field.querySelector("[data-clear]").addEventListener("click", () => { picked.length = 0; draw(); });
    draw();
  }

  const problemOf = (element) => element.closest("form")?.querySelector(".people-problem")
    || element.closest(".people-card").querySelector(":scope > .people-problem, .people-problem");

  // On the document: pieces of a page are replaced while somebody looks at it
  document.addEventListener("submit", async (event) => {
    const form = event.target.closest("form[data-send]");
    if (!form) return;
    event.preventDefault();
    const button = form.querySelector("button:not([type])"), problem = problemOf(form);
    const body = Object.fromEntries(new FormData(form));
    for (const box of all("input[type=checkbox][name]", form)) body[box.name] = box.checked;
    for (const field of all("[data-code]", form)) body[field.dataset.name] = chosen.get(field);
    if (form.dataset.send === "first") body.token = new URLSearchParams(location.hash.slice(1)).get("first") || "";
    problem.textContent = "";
    button.disabled = true;
    const found = await post(form.dataset.send, body);
    button.disabled = false;
    if (found.problem) { problem.textContent = found.problem; return; }
    if ("say" in form.dataset && found.said) { tell(found.said); form.reset(); refresh(); return; }
    done(form, found);
  });

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button[data-post]");
    if (!button || (button.dataset.ask && !confirm(button.dataset.ask))) return;
    button.disabled = true;
    const found = await post(button.dataset.post, JSON.parse(button.dataset.body || "{}"));
    button.disabled = false;
    const problem = problemOf(button);
    if (found.problem) { problem.textContent = found.problem; return; }
    if ("undo" in button.dataset) { taken(found); refresh(); return; }
    if (button.closest("[data-fragment]")) { refresh(); return; }
    done(button, found);
  });

  // What would be taken, before anything is
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-preview]");
    if (!button) return;
    const answer = await fetch(`${root}/studio/people/${button.dataset.preview}`, { cache: "no-store" });
    const form = button.closest(".people-card").querySelector("form");
    if (!answer.ok) { problemOf(button).textContent = said.failed; return; }
    form.querySelector("[data-previewed]").textContent = (await answer.json()).said;
    form.hidden = false;
  });

  // A line at the bottom: what happened, and the way back where there is one
  function tell(text, label, back) {
    document.querySelector(".people-told")?.remove();
    const bar = document.createElement("div"), line = document.createElement("span");
    bar.className = "people-told"; bar.setAttribute("role", "status");
    line.textContent = text;
    bar.append(line);
    if (back) {
      const button = document.createElement("button");
      button.type = "button"; button.className = "people-plain"; button.textContent = label;
      button.addEventListener("click", async () => { await back(); bar.remove(); refresh(); });
      bar.append(button);
    }
    document.body.append(bar);
    setTimeout(() => bar.remove(), 12000);
  }
  const taken = (found) => tell(said.deleted.replace("%", found.undo), said.undo, () => post("lesson/undo", { entry: found.entry }));

  // Pieces that follow what happens in the studio: asked for when the one request that all pages wait at has news
  const fragments = all("[data-fragment]"), shownIn = new Map();
  window.studioRefresh = () => refresh();
  async function refresh() {
    for (const place of fragments) {
      if (place.contains(document.activeElement) && /^(INPUT|SELECT)$/.test(document.activeElement.tagName)) continue;
      const answer = await fetch(`${root}/studio/people/${place.dataset.fragment}`, { cache: "no-store" }).catch(() => null);
      if (answer?.status === 401) { location.reload(); return; }
      if (!answer?.ok) continue;
      const open = new Set(all("details[open][data-open]", place).map((each) => each.dataset.open));
      const focused = document.activeElement?.dataset?.body, post = document.activeElement?.dataset?.post;
      const html = await answer.text();
      if (shownIn.get(place) === html) continue; // pictures do not flicker, and focus stays
      shownIn.set(place, html);
      place.innerHTML = html; // our own HTML, escaped on the server
      for (const each of all("details[data-open]", place)) each.open = open.has(each.dataset.open);
      if (focused) all("button[data-body]", place).find((each) => each.dataset.body === focused && each.dataset.post === post)?.focus();
    }
    machine();
  }
  async function machine() {
    const place = document.querySelector("[data-machine]");
    if (!place) return;
    const answer = await fetch(`${root}/studio/machine`).catch(() => null);
    const name = answer?.ok ? (await answer.json()).name : "";
    if (name) place.textContent = `· ${name}`;
  }
  const sleep = (ms) => new Promise((after) => setTimeout(after, ms));
  const visible = () => new Promise((seen) => {
    const look = () => { if (!document.hidden) { document.removeEventListener("visibilitychange", look); seen(); } };
    document.addEventListener("visibilitychange", look);
    look();
  });
  function look(text) {
    document.querySelector(".rs-look")?.remove();
    if (!text) return;
    const bar = document.createElement("div");
    bar.className = "rs-look"; bar.setAttribute("role", "alert"); bar.textContent = text;
    document.body.prepend(bar);
  }
  async function follow() {
    const lang = (window.studioLocale || "en").slice(0, 2);
    for (let seen = ""; ;) {
      await visible();
      try {
        const answer = await fetch(`${root}/studio/live?${new URLSearchParams({ seen, lang })}`, { cache: "no-store" });
        if (answer.status === 401) { location.reload(); return; }
        if (answer.status === 200) {
          const news = await answer.json();
          look(news.look);
          if (seen) await refresh();
          seen = news.seen;
        } else if (answer.status === 204) await refresh(); // who is here changes by itself
      } catch {}
      await sleep(2000);
    }
  }
  if (document.querySelector(".people-nav")) { machine(); follow(); }

  // Inside a frame, as a Space is shown, another site cannot ask for a password: a tab of its own can
  if (window.top !== window.self) for (const link of all("a[data-top]")) link.target = "_blank";

  const ways = all("[data-way]");
  function choose(way) {
    for (const button of ways) button.setAttribute("aria-selected", String(button.dataset.way === way));
    for (const form of all("[data-form]")) form.hidden = form.dataset.form !== way;
  }
  function takeCode() { // of the address behind the QR code
    const asked = new URLSearchParams(location.hash.slice(1)).get("join"), code = document.querySelector("[name=code]");
    if (!asked || !code) return;
    code.value = asked;
    history.replaceState(null, "", location.pathname);
    choose("join");
  }
  if (ways.length) {
    let way = null;
    try { way = localStorage.getItem("studio-way"); } catch {}
    choose(ways.some((each) => each.dataset.way === way) ? way : ways[0].dataset.way);
    takeCode();
    window.addEventListener("hashchange", takeCode);
    for (const button of ways) button.addEventListener("click", () => choose(button.dataset.way));
  }
})();
