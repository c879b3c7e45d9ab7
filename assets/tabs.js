// The open tab stands in the address, so that a reload, a change of language and the back button find it again; and a
// tab opens at its top. Links such as href="#train" lead to a tab.
(() => {
  const bar = () => document.querySelector("#tabs > .tab-wrapper");
  const buttons = () => [...(bar()?.querySelectorAll('[role="tab"][data-tab-id]') ?? [])];
  const open = () => buttons().find((one) => one.getAttribute("aria-selected") === "true")?.dataset.tabId ?? "";
  const inAddress = () => decodeURIComponent(location.hash.slice(1));
  const select = (name) => {
    const button = buttons().find((one) => one.dataset.tabId === name);
    if (button && open() !== name) button.click();
    return Boolean(button);
  };
  const arrived = () => document.documentElement.classList.remove("rs-opening");
  let shown = "", restoring = "";

  const changed = () => {
    const now = open();
    if (!now || now === shown || (restoring && now !== restoring)) return;
    restoring = "";
    arrived();
    if (shown && inAddress() !== now) history.pushState(null, "", `#${now}`);
    if (shown) window.scrollTo({ top: 0, behavior: "instant" });
    shown = now;
    document.dispatchEvent(new CustomEvent("studio:tab", { detail: now }));
  };
  const begin = () => {
    new MutationObserver(changed).observe(bar(), { subtree: true, childList: true, attributeFilter: ["aria-selected"] });
    const wanted = inAddress();
    if (wanted !== open() && buttons().some((one) => one.dataset.tabId === wanted)) restoring = wanted;
    if (restoring) select(restoring);
    changed();
  };

  history.scrollRestoration = "manual";
  window.addEventListener("hashchange", () => select(inAddress()));
  window.addEventListener("popstate", () => select(inAddress() || "data"));
  const waiting = new MutationObserver(() => {
    if (!open()) return;
    waiting.disconnect();
    begin();
  });
  waiting.observe(document.documentElement, { childList: true, subtree: true, attributeFilter: ["aria-selected"] });
  window.studioTabs = { open, select };
})();
