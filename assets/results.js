// Results: cells, lists and tables of the view answer to mouse and keyboard; parts are fetched from our own routes.
window.studioResults = (element, go, choose, analyse) => {
  const number = (text) => (text === undefined || text === "" ? null : Number(text));

  const fetched = async (path, selector, focus) => {
    const page = element.querySelector(".res-page");
    const panel = element.querySelector(selector);
    if (!page || !panel) return;
    panel.setAttribute("aria-busy", "true");
    const answer = await fetch(page.dataset.run + path, { credentials: "same-origin" });
    panel.removeAttribute("aria-busy");
    if (!answer.ok || !panel.isConnected) return;
    panel.outerHTML = await answer.text();
    if (focus) element.querySelector(selector)?.querySelector("h3")?.scrollIntoView({ block: "nearest" });
    roving();
  };

  const pictures = (true_, said, most) => {
    const query = new URLSearchParams();
    if (true_ !== null) query.set("true", true_);
    if (said !== null) query.set("said", said);
    if (most) query.set("most", most);
    for (const cell of element.querySelectorAll("[aria-selected]")) cell.removeAttribute("aria-selected");
    if (said !== null)
      for (const cell of element.querySelectorAll(`td[data-true="${true_}"][data-said="${said}"]`))
        cell.setAttribute("aria-selected", "true");
    return fetched(`pictures?${query}`, ".res-pictures", true);
  };

  const roving = () => {
    const grid = element.querySelector(".res-grid");
    if (grid && !grid.querySelector('td[tabindex="0"]'))
      grid.querySelector("td[data-true]")?.setAttribute("tabindex", "0");
  };

  const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
  const move = (cell, [down, right]) => {
    const body = cell.closest("tbody");
    let row = [...body.rows].indexOf(cell.parentNode), column = cell.cellIndex;
    for (;;) {
      row += down; column += right;
      const next = body.rows[row]?.cells[column];
      if (!next || next.tagName !== "TD") return;
      if (next.dataset.true === undefined) continue;
      cell.tabIndex = -1; next.tabIndex = 0; next.focus();
      return;
    }
  };

  const sort = (button) => {
    const head = button.closest("th"), table = button.closest("table"), index = head.cellIndex;
    const falling = head.getAttribute("aria-sort") ? head.getAttribute("aria-sort") === "ascending" : index > 0;
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", falling ? "descending" : "ascending");
    const value = (row) => row.cells[index].dataset.value;
    const compare = index ? (a, b) => value(a) - value(b)
      : (a, b) => value(a).localeCompare(value(b), undefined, { numeric: true });
    const rows = [...table.tBodies[0].rows].sort((a, b) => (falling ? compare(b, a) : compare(a, b)));
    table.tBodies[0].append(...rows);
  };

  const copy = async (button) => {
    const box = button.closest(".res-code");
    const kind = box.querySelector("input:checked").value;
    const code = box.querySelector(`pre[data-kind="${kind}"]`);
    const before = button.dataset.before ?? (button.dataset.before = button.textContent);
    try {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = button.dataset.copy;
    } catch {
      getSelection().selectAllChildren(code);
      button.textContent = document.execCommand("copy") ? button.dataset.copy : button.dataset.select;
    }
    clearTimeout(button.wait);
    button.wait = setTimeout(() => { button.textContent = before; }, 2500);
  };

  // A panel is filled in when it is opened; one whose part is being computed is looked at again until it is there.
  const fillPanel = async (panel) => {
    const page = panel.closest(".res-page");
    if (!page || !panel.open) return;
    clearTimeout(panel.wait);
    let answer = null;
    try {
      const response = await fetch(`${page.dataset.run}panel/${panel.dataset.part}`, { credentials: "same-origin" });
      if (response.ok) answer = await response.json();
    } catch { /* the server is away: asked again below */ }
    if (!panel.isConnected || !panel.open) return;
    // An event that comes during another one is lost: it is sent again until the server knows of it.
    if (answer?.state === "none" && (panel.begun ?? 0) < 8) {
      panel.begun = (panel.begun ?? 0) + 1;
      analysis(panel, "begin", 300 * panel.begun);
      return;
    }
    const body = panel.querySelector(".res-panel-body");
    if (answer && panel.shown !== answer.html) {
      const held = document.activeElement?.matches("[data-accept]") && body.contains(document.activeElement);
      body.innerHTML = panel.shown = answer.html;
      if (held) body.querySelector("[data-accept]")?.focus({ preventScroll: true });
      body.dispatchEvent(new CustomEvent("studio-panel", { bubbles: true }));
      if (answer.state === "ready" && panel.begun) fetched("next", ".act-next"); // there is more to go by now
    }
    panel.dataset.state = answer?.state ?? "away";
    if (!answer || answer.state === "queued" || answer.state === "working")
      panel.wait = setTimeout(() => fillPanel(panel), document.hidden ? 5000 : 1000);
  };
  const analysis = (panel, action, wait = 300) => {
    const run = decodeURIComponent(panel.closest(".res-page").dataset.run.split("/").at(-2));
    analyse({ run, part: panel.dataset.part, action });
    clearTimeout(panel.wait);
    panel.wait = setTimeout(() => fillPanel(panel), wait);
  };

  // What a slider asks for is done once the panel says so: it takes as long as to write the model, and an event that comes
  // during another one is lost. Where it is refused, the slider goes back.
  const accept = (panel, at, tries = 0) => {
    const slider = panel.querySelector("[data-accept]");
    if (!slider || slider.value !== at) return; // moved again
    if (slider.getAttribute("value") === at && tries) return;
    if (tries % 4) fillPanel(panel);
    else if (tries < 8) analysis(panel, `accept:${JSON.parse(slider.dataset.accept)[at]}`);
    else { panel.shown = ""; fillPanel(panel); return; }
    slider.wait = setTimeout(() => accept(panel, at, tries + 1), 400 * (tries + 1));
  };

  const act = (target) => {
    const data = target.dataset;
    if (data.next) window.studioNext(target, element, go);
    else if ("pointUse" in data) window.studioUseThreshold(target, go);
    else if (data.go) go(data.go);
    else if (data.analysis) analysis(target.closest(".res-panel"), data.analysis);
    else if (data.sort) sort(target);
    else if ("copy" in data) copy(target);
    else if (data.back) pictures(null, null);
    else if (data.more) pictures(number(data.true), number(data.said), Number(data.more) * 2);
    else if (data.matrix) fetched(`matrix?whole=${data.matrix === "all"}`, ".res-matrix");
    else if (data.class) pictures(number(data.class), null);
    else if (data.true) pictures(number(data.true), number(data.said));
  };

  element.addEventListener("click", (event) => {
    const target = event.target.closest("button, td[data-true]");
    if (target && element.contains(target)) act(target);
  });
  element.addEventListener("input", (event) => {
    const { readings } = event.target.dataset;
    if (readings) event.target.closest("div").querySelector(".act-reading").textContent = JSON.parse(readings)[event.target.value];
  });
  element.addEventListener("change", (event) => {
    if ("choose" in event.target.dataset) choose(event.target.value);
    if ("accept" in event.target.dataset) {
      const slider = event.target;
      clearTimeout(slider.wait); // arrow keys change it step by step
      slider.wait = setTimeout(() => accept(slider.closest(".res-panel"), slider.value), 600);
    }
  });
  element.addEventListener("keydown", (event) => {
    const cell = event.target.closest?.("td[data-true]");
    if (!cell) return;
    if (event.key === "Enter" || event.key === " ") act(cell);
    else if (STEPS[event.key]) move(cell, STEPS[event.key]);
    else return;
    event.preventDefault();
  });
  element.addEventListener("toggle", (event) => {
    if (event.target.matches?.(".res-panel")) fillPanel(event.target);
  }, true);
  element.addEventListener("focusin", roving);
  new MutationObserver(roving).observe(element, { childList: true, subtree: true });
  roving();
};
