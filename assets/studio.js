// The frame: language and theme switches, what this machine computes with.
(() => {
  const pressed = () => {
    for (const button of document.querySelectorAll(".rs-language"))
      button.setAttribute("aria-pressed", String(window.studioLocale.startsWith(button.dataset.language)));
  };
  document.addEventListener("click", (event) => {
    const language = event.target.closest?.("[data-language]");
    if (language) {
      document.cookie = `studio_language=${language.dataset.language};path=/;max-age=31536000;samesite=lax`;
      location.reload();
    }
    if (event.target.closest?.("#studio-theme")) window.studioTheme.toggle();
  });
  const started = new MutationObserver(() => {
    if (!document.querySelector("#studio-header .rs-language")) return;
    started.disconnect();
    pressed();
  });
  started.observe(document.documentElement, { childList: true, subtree: true });
})();
