// Panels of Results that are worked with: the threshold of a class. The server says what every threshold finds; what is
// chosen by cost or recall is chosen on the validation pictures, what is shown is of the test pictures.
(() => {
  const percent = (share) => `${(100 * share).toFixed(1)}%`;
  const recall = (counts, at) => (counts.pictures ? counts.found[at] / counts.pictures : 0);
  const precision = (counts, at) => {
    const called = counts.found[at] + counts.false[at];
    return called ? counts.found[at] / called : 1;
  };
  const cost = (counts, at, missing, alarm) =>
    (missing * (counts.pictures - counts.found[at]) + alarm * counts.false[at]) / Math.max(1, counts.pictures + counts.others);

  const field = (box, name) => box.querySelector(`[data-point="${name}"]`);
  const price = (box, name) => Math.max(0, Number(field(box, name).value) || 0);

  const show = (box) => {
    const data = (box.known ??= JSON.parse(box.dataset.points));
    const points = data.classes[Number(field(box, "class").value)], test = points.test;
    const at = Number(field(box, "threshold").value), last = test.found.length - 1;
    const x = (step) => data.x[0] + (step / last) * (data.x[1] - data.x[0]);
    const y = (share) => data.y[0] + share * (data.y[1] - data.y[0]);
    const line = (of) => test.found.map((_, step) => `${step ? "L" : "M"}${x(step).toFixed(1)} ${y(of(test, step)).toFixed(1)}`).join("");
    box.querySelector('[data-line="precision"]').setAttribute("d", line(precision));
    box.querySelector('[data-line="recall"]').setAttribute("d", line(recall));
    box.querySelector('[data-line="at"]').setAttribute("d", `M${x(at).toFixed(1)} ${data.y[1]}V${data.y[0]}`);
    box.querySelector("output").textContent = (at / last).toFixed(2);
    const values = {
      threshold: (at / last).toFixed(2), found: test.found[at], pictures: test.pictures, name: points.name,
      false: test.false[at], recall: percent(recall(test, at)), precision: percent(precision(test, at)),
      cost: cost(test, at, price(box, "missing"), price(box, "alarm")).toFixed(3),
    };
    box.querySelector(".act-reading").textContent = data.reading.replace(/\[(\w+)\]/g, (whole, key) => values[key] ?? whole);
    box.querySelector(".act-few").hidden = !points.few;
  };

  const choose = (box, kind) => {
    const data = box.known, { validation } = data.classes[Number(field(box, "class").value)];
    const steps = validation.found.map((_, step) => step);
    let at;
    if (kind === "find") {
      at = steps.filter((step) => recall(validation, step) >= data.find).at(-1) ?? 0;
    } else {
      const costs = steps.map((step) => Number(cost(validation, step, price(box, "missing"), price(box, "alarm")).toFixed(12)));
      const lowest = steps.filter((step) => costs[step] === Math.min(...costs));
      at = lowest[Math.floor(lowest.length / 2)];
    }
    field(box, "threshold").value = at;
    show(box);
  };

  document.addEventListener("studio-panel", (event) => {
    const box = event.target.querySelector(".act-points");
    if (box) show(box);
  });
  document.addEventListener("input", (event) => {
    const box = event.target.closest?.(".act-points");
    if (box) show(box);
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-point-choose]");
    if (button) choose(button.closest(".act-points"), button.dataset.pointChoose);
  });

  // The threshold goes along to the Predict tab, which takes it once it shows that model.
  window.studioUseThreshold = (button, go) => {
    const box = button.closest(".act-points"), { key } = box.known.classes[Number(field(box, "class").value)];
    window.studioThreshold = { model: box.dataset.model, name: key, percent: field(box, "threshold").value };
    go("predict");
    unfold(Date.now() + 8000);
  };
  // What is folded is not there yet: unfolding makes the fields, which then take the threshold.
  const unfold = (until) => {
    const fold = document.querySelector("#predict-more button.label-wrap");
    if (fold?.offsetParent) {
      if (!fold.classList.contains("open")) fold.click();
      window.dispatchEvent(new Event("studio-threshold"));
    } else if (Date.now() < until) setTimeout(unfold, 100, until);
  };

  // A next step: opens a panel of this page, or another tab with the pictures that it is about.
  window.studioNext = (button, element, go) => {
    const { next, panel, kind, review, step, field, runs } = button.dataset;
    if (next === "panel") {
      const found = element.querySelector(`details[data-part="${panel}"]`);
      if (!found) return;
      found.open = true;
      found.scrollIntoView({ block: "start" });
      found.querySelector("summary").focus({ preventScroll: true });
      return;
    }
    if (next === "data") window.studioWanted = {
      kind: kind ?? "", review: review !== undefined, until: Date.now() + 15000,
      places: button.closest(".act-map")?.chosenPlaces,
    };
    if (runs) window.studioCompared = JSON.parse(runs);
    go(next, next === "data", step);
    if (field) arriveAt(`train-${field}`, Date.now() + 5000);
  };

  // The setting that a step is about: unfolded, in view and marked, once its tab is shown. What is folded is not there
  // yet, so folds are opened one after the other until the setting is.
  const arriveAt = (id, until) => {
    const block = document.getElementById(id);
    if (!block?.offsetParent) {
      const fold = document.querySelector("#train-advanced button.label-wrap:not(.open)");
      if (fold?.offsetParent) fold.click();
      if (Date.now() < until) setTimeout(arriveAt, 100, id, until);
      return;
    }
    requestAnimationFrame(() => {
      block.scrollIntoView({ block: "center" });
      // a list would open over the page, and not show what is set meanwhile: its block has the focus, the list comes next
      const input = block.querySelector("input, select, textarea"), list = input?.getAttribute("role") === "combobox";
      if (list) block.tabIndex = -1;
      (list ? block : input)?.focus({ preventScroll: true });
      block.classList.add("train-suggested");
      setTimeout(() => block.classList.remove("train-suggested"), 6000);
    });
  };
})();
