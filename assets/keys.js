// Keys that Gradio leaves out: arrows move between tabs and between the choices of a radio group.
(() => {
  const STEPS = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 };

  // Gradio names every radio button of a group differently, so that each is a group of its own to the browser; and does
  // so again whenever one is chosen.
  const together = (group) => {
    const [first, ...others] = group.querySelectorAll('input[type="radio"]');
    for (const other of others) if (other.name !== first.name) other.name = first.name;
  };

  // One tab of a list is a stop of the Tab key: the one that is shown.
  const stops = (list) => {
    for (const tab of list.querySelectorAll('[role="tab"]')) {
      const stop = tab.getAttribute("aria-selected") === "true" ? 0 : -1;
      if (tab.tabIndex !== stop) tab.tabIndex = stop;
    }
  };

  document.addEventListener("keydown", (event) => {
    const tab = event.target.closest?.('[role="tab"]'), list = tab?.closest('[role="tablist"]');
    if (!list || event.altKey || event.ctrlKey || event.metaKey) return;
    const tabs = [...list.querySelectorAll('[role="tab"]')].filter((one) => one.offsetParent && !one.disabled);
    const at = tabs.indexOf(tab), last = tabs.length - 1;
    const to = event.key === "Home" ? 0 : event.key === "End" ? last
      : event.key in STEPS ? (at + STEPS[event.key] + tabs.length) % tabs.length : -1;
    if (to < 0) return;
    event.preventDefault();
    tabs[to].focus();
    tabs[to].click();
  });

  // Gradio's places to upload say one thing to the eye and another one, always in English, to a screen reader.
  const named = (button) => { if (button.textContent.trim()) button.removeAttribute("aria-label"); };

  const look = (root) => {
    root.querySelectorAll("button.upload-container[aria-label]").forEach(named);
    root.querySelectorAll("fieldset").forEach(together);
    root.querySelectorAll('[role="tablist"]').forEach(stops);
  };
  new MutationObserver((changes) => {
    for (const { type, target, addedNodes } of changes) {
      if (type === "attributes") {
        const list = target.closest('[role="tablist"]'), group = target.type === "radio" && target.closest("fieldset");
        if (list) stops(list);
        if (group) together(group);
        continue;
      }
      for (const node of addedNodes) if (node.querySelectorAll) {
        look(node);
        if (node.matches("button.upload-container[aria-label]")) named(node);
        const group = node.closest("fieldset"), list = node.closest('[role="tablist"]');
        if (group) together(group);
        if (list) stops(list);
      }
    }
  }).observe(document.documentElement, { subtree: true, childList: true, attributeFilter: ["aria-selected", "name"] });
  look(document);
})();
