// Where a network looked: heat maps over pictures, switched on and off together. Their strength and the class that they
// are of hold for the whole page, and outlive a reload.
(() => {
  const KEPT = "studio-heat";
  let state = { on: false, strength: 80, which: "said" };
  try { state = { ...state, ...JSON.parse(sessionStorage.getItem(KEPT)) }; } catch {}

  const address = (layer) => {
    const [start, query] = layer.dataset.heat.split("?");
    const asked = new URLSearchParams(query);
    const label = layer.dataset.label ?? layer.dataset[state.which] ?? layer.dataset.said;
    if (label !== undefined && label !== "") asked.set("label", label);
    return `${start}?${asked}`;
  };
  const set = (node, name, value) => { if (node.getAttribute(name) !== value) node.setAttribute(name, value); };
  const apply = () => {
    for (const layer of document.querySelectorAll("img[data-heat]")) {
      if (layer.hidden === state.on) layer.hidden = !state.on;
      set(layer, "style", `opacity: ${state.strength / 100}`);
      if (state.on) set(layer, "src", address(layer));
    }
    for (const one of document.querySelectorAll("[data-heat-switch]")) one.checked = state.on;
    for (const more of document.querySelectorAll("[data-heat-more], [data-heat-shown]"))
      if (more.hidden === state.on) more.hidden = !state.on;
    for (const slider of document.querySelectorAll("[data-heat-strength]"))
      if (slider !== document.activeElement) slider.value = state.strength;
    for (const which of document.querySelectorAll("[data-heat-which]"))
      set(which, "aria-pressed", String(which.dataset.heatWhich === state.which));
  };
  const change = (news) => {
    state = { ...state, ...news };
    try { sessionStorage.setItem(KEPT, JSON.stringify(state)); } catch {}
    apply();
  };
  // The class of one picture alone: by a click on its bar, which also shows the map.
  const choose = (button) => {
    const group = button.closest("[data-heat-group]");
    for (const layer of group.querySelectorAll("img[data-heat]")) layer.dataset.label = button.dataset.heatClass;
    for (const other of group.querySelectorAll("[data-heat-class]")) other.setAttribute("aria-pressed", String(other === button));
    for (const title of group.querySelectorAll("[data-heat-title]")) title.textContent = button.dataset.heatOf;
    change({ on: true });
  };

  document.addEventListener("input", ({ target }) => {
    if (target.matches?.("[data-heat-strength]")) change({ strength: Number(target.value) });
  });
  document.addEventListener("change", ({ target }) => {
    if (target.matches?.("[data-heat-switch]")) change({ on: target.checked });
  });
  document.addEventListener("click", ({ target }) => {
    const button = target.closest?.("[data-heat-which], [data-heat-class]");
    if (!button) return;
    if (button.dataset.heatWhich) change({ which: button.dataset.heatWhich });
    else choose(button);
  });
  // A picture whose map cannot be made is shown without one.
  document.addEventListener("error", ({ target }) => {
    if (target.matches?.("img[data-heat]")) target.style.visibility = "hidden";
  }, true);
  document.addEventListener("load", ({ target }) => {
    if (target.matches?.("img[data-heat]")) target.style.visibility = "";
  }, true);
  new MutationObserver((changes) => {
    if (changes.some(({ addedNodes }) => [...addedNodes].some((node) => node.querySelector?.("[data-heat], [data-heat-controls]") || node.matches?.("[data-heat]")))) apply();
  }).observe(document.documentElement, { childList: true, subtree: true });

  // For enlarged pictures: the layer and the controls of the group that a picture belongs to.
  window.studioHeat = (one) => {
    const layer = one.querySelector("img[data-heat]"), controls = one.closest("[data-heat-group]")?.querySelector("[data-heat-controls]");
    return layer && controls ? { layer, controls } : null;
  };
})();
