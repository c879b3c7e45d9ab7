// Who is signed in, in the header; without accounts, once, who can see what. The server says so in the page's head.
(() => {
  const person = window.studioPerson, open = window.studioOpen;

  function whenThere(selector, done) {
    const found = document.querySelector(selector);
    if (found) { done(found); return; }
    const watcher = new MutationObserver(() => {
      const there = document.querySelector(selector);
      if (there) { watcher.disconnect(); done(there); }
    });
    watcher.observe(document.documentElement, { childList: true, subtree: true });
  }

  // Training switched off for a moment: what the teacher says stands above everything
  window.studioLook = (text) => {
    document.querySelector(".rs-look")?.remove();
    document.body.classList.toggle("rs-held", Boolean(text));
    if (!text) return;
    const bar = document.createElement("div");
    bar.className = "rs-look"; bar.setAttribute("role", "alert"); bar.textContent = text;
    document.body.prepend(bar);
  };

  function link(path, text, title, className = "rs-person") {
    const made = document.createElement("a");
    Object.assign(made, { className, href: `${person.root}/studio/people/${path}`, textContent: text, title });
    return made;
  }

  if (person) {
    whenThere("#studio-header .rs-tools", (tools) => {
      if (tools.querySelector(".rs-person")) return;
      tools.prepend(link(person.staff ? "lesson" : "boards", person.words.people, person.words.people, "rs-people-link"));
      tools.append(link("account", person.name, person.words.account));
    });
    // A teacher hands out what is on the screen, or takes it back
    document.addEventListener("click", async (event) => {
      const button = event.target.closest?.("[data-share]");
      if (!button) return;
      const shared = button.getAttribute("aria-pressed") !== "true", words = JSON.parse(button.dataset.words);
      button.disabled = true;
      const answer = await fetch(`${person.root}/studio/people/share`, {
        method: "POST", headers: { "content-type": "application/json" }, credentials: "same-origin",
        body: JSON.stringify({ kind: button.dataset.share, id: button.dataset.shareId, shared }),
      }).catch(() => null);
      button.disabled = false;
      if (!answer?.ok) { button.title = (await answer?.json().catch(() => null))?.problem ?? ""; return; }
      button.setAttribute("aria-pressed", String(shared));
      button.textContent = shared ? words.on : words.off;
    });
    // A session that has ended: the page to sign in at comes instead of buttons that do nothing
    const real = window.fetch.bind(window);
    window.fetch = async (...given) => {
      const answer = await real(...given);
      if (answer.status === 401 && new URL(answer.url, location.href).origin === location.origin) location.reload();
      return answer;
    };
  }

  if (open) {
    const KEY = "studio-open-said";
    let said = null;
    try { said = localStorage.getItem(KEY); } catch {}
    if (!said) whenThere("#studio-header", (header) => {
      const bar = document.createElement("div"), text = document.createElement("p"), button = document.createElement("button");
      bar.className = "rs-open"; bar.setAttribute("role", "note");
      text.textContent = open.text; button.textContent = open.button; button.type = "button";
      button.addEventListener("click", () => { try { localStorage.setItem(KEY, "1"); } catch {} bar.remove(); });
      bar.append(text, button);
      document.body.append(bar);
    });
  }
})();
