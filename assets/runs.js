// Runs: ticking compares, typing filters, deleting asks first. What is ticked outlives a redrawn table.
window.studioRuns = (element, act) => {
  const picked = new Set();
  let filter = "", asked = "";

  const compare = async () => {
    const panel = element.querySelector(".runs-compare");
    if (!panel) return;
    const query = [...picked].map((run) => `run=${encodeURIComponent(run)}`).join("&");
    if (query === asked && panel.childElementCount) return;
    asked = query;
    if (!query) { panel.replaceChildren(); return; }
    const answer = await fetch(`studio/compare?${query}`, { credentials: "same-origin" });
    if (answer.ok && asked === query) panel.innerHTML = await answer.text();
  };

  const redrawn = () => {
    const here = new Set();
    let shown = 0;
    for (const row of element.querySelectorAll("tr[data-run]")) {
      const run = row.dataset.run, box = row.querySelector("input");
      here.add(run);
      if (box.checked !== picked.has(run)) box.checked = picked.has(run);
      const hidden = !row.textContent.toLowerCase().includes(filter);
      if (row.hidden !== hidden) row.hidden = hidden;
      shown += !hidden;
    }
    for (const run of picked) if (!here.has(run)) picked.delete(run);
    const none = element.querySelector(".runs-no-match");
    if (none && none.hidden !== shown > 0) none.hidden = shown > 0;
    compare();
  };

  const ask = (button) => {
    const words = element.querySelector(".runs-page").dataset;
    const text = [button.dataset.whose, words.warning].filter(Boolean).join(" ");
    return window.studioAsk({ title: button.dataset.ask, text, yes: words.yes, no: words.no, danger: true });
  };

  const forGood = (button) => {
    const words = button.closest(".rs-bin").dataset;
    return window.studioAsk({ title: button.dataset.ask, text: words.warning, yes: words.yes, no: words.no, danger: true });
  };

  const rename = async (data) => {
    const words = element.querySelector(".runs-page").dataset;
    const given = await window.studioAsk({
      title: words.renameTitle, yes: words.renameYes, no: words.renameNo,
      fields: [
        { name: "name", label: words.renameName, value: data.name, most: Number(words.longestName), needed: true },
        { name: "note", label: words.renameNote, value: data.note, most: Number(words.longestNote), lines: 4 },
      ],
    });
    if (given) act.rename(data.rename, given.name, given.note);
  };

  element.addEventListener("click", async (event) => {
    const button = event.target.closest("button");
    if (!button || !element.contains(button)) return;
    const data = button.dataset;
    if (data.open) act.open(data.open);
    else if (data.resume) act.resume(data.resume);
    else if (data.go) act.go(data.go);
    else if (data.rename) rename(data);
    else if (data.undo) act.undo(data.undo);
    else if (data.gone && (await forGood(button))) act.gone(data.gone);
    else if (data.clear) { picked.clear(); redrawn(); }
    else if (data.remove && (button.ariaDisabled === "true" || (await ask(button)))) act.remove(data.remove);
  });
  element.addEventListener("change", (event) => {
    if (event.target.type !== "checkbox") return;
    picked[event.target.checked ? "add" : "delete"](event.target.value);
    compare();
  });
  element.addEventListener("input", (event) => {
    if (event.target.type !== "search") return;
    filter = event.target.value.trim().toLowerCase();
    redrawn();
  });
  // Only the table: the panel's own changes must not start this again.
  const asked_for = () => {
    const runs = window.studioCompared;
    if (!runs || !element.offsetParent || !element.querySelector("tr[data-run]")) return;
    window.studioCompared = null;
    picked.clear();
    for (const run of runs) picked.add(run);
    redrawn();
  };
  new IntersectionObserver(asked_for).observe(element);
  new MutationObserver((changes) => {
    if (changes.some((change) => !change.target.closest?.(".runs-compare"))) redrawn();
  }).observe(element, { childList: true, subtree: true });
  redrawn();
};
