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

  for (const form of all("form[data-send]")) form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button:not([type])"), problem = form.querySelector(".people-problem");
    const body = Object.fromEntries(new FormData(form));
    for (const field of all("[data-code]", form)) body[field.dataset.name] = chosen.get(field);
    if (form.dataset.send === "first") body.token = new URLSearchParams(location.hash.slice(1)).get("first") || "";
    problem.textContent = "";
    button.disabled = true;
    const found = await post(form.dataset.send, body);
    button.disabled = false;
    if (found.problem) { problem.textContent = found.problem; return; }
    done(form, found);
  });

  for (const button of all("[data-post]")) button.addEventListener("click", async () => {
    if (button.dataset.ask && !confirm(button.dataset.ask)) return;
    button.disabled = true;
    const found = await post(button.dataset.post, JSON.parse(button.dataset.body || "{}"));
    button.disabled = false;
    const problem = button.closest(".people-card").querySelector(".people-problem");
    if (found.problem) { problem.textContent = found.problem; return; }
    done(button, found);
  });

  const ways = all("[data-way]");
  function choose(way) {
    for (const button of ways) button.setAttribute("aria-selected", String(button.dataset.way === way));
    for (const form of all("[data-form]")) form.hidden = form.dataset.form !== way;
    try { localStorage.setItem("studio-way", way === "join" ? "pictures" : way); } catch {}
  }
  if (ways.length) {
    const asked = new URLSearchParams(location.hash.slice(1)).get("join");
    let way = null;
    try { way = localStorage.getItem("studio-way"); } catch {}
    if (asked) way = "join";
    choose(ways.some((each) => each.dataset.way === way) ? way : ways[0].dataset.way);
    const code = document.querySelector("[name=code]");
    if (asked && code) { code.value = asked; history.replaceState(null, "", location.pathname); }
    for (const button of ways) button.addEventListener("click", () => choose(button.dataset.way));
  }
})();
