// The frame: language and theme switches, what this machine computes with.
(() => {
  const pressed = () => {
    for (const button of document.querySelectorAll(".rs-language"))
      button.setAttribute("aria-pressed", String(window.studioLocale.startsWith(button.dataset.language)));
  };
  // Asked again only until the server knows; after that an open page asks nothing.
  const machine = async (pause = 3000) => {
    const answer = await fetch("studio/machine").then((got) => got.ok ? got.json() : null, () => null);
    if (answer?.known) document.getElementById("studio-machine").textContent = answer.name;
    else setTimeout(() => machine(Math.min(pause * 1.5, 30000)), pause);
  };
  // Gradio's accordions do not say whether they are open.
  const unfolded = (button) => button.setAttribute("aria-expanded", String(button.classList.contains("open")));
  new MutationObserver((changes) => {
    for (const { target, addedNodes } of changes) {
      if (target.classList?.contains("label-wrap")) unfolded(target);
      for (const node of addedNodes) node.querySelectorAll?.("button.label-wrap").forEach(unfolded);
    }
  }).observe(document.documentElement, { subtree: true, childList: true, attributeFilter: ["class"] });
  document.addEventListener("click", (event) => {
    const language = event.target.closest?.("[data-language]");
    if (language) {
      document.cookie = `studio_language=${language.dataset.language};path=/;max-age=31536000;samesite=lax`;
      location.reload();
    }
    if (event.target.closest?.("[data-skip]")) {
      event.preventDefault();
      const panel = [...document.querySelectorAll("#tabs > .tabitem")].find((one) => one.offsetParent);
      panel?.setAttribute("tabindex", "-1");
      panel?.focus();
    }
    if (event.target.closest?.("#studio-theme")) window.studioTheme.toggle();
  });
  const started = new MutationObserver(() => {
    if (!document.querySelector("#studio-header .rs-language")) return;
    started.disconnect();
    pressed();
    machine();
  });
  started.observe(document.documentElement, { childList: true, subtree: true });
})();
