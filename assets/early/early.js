(() => {
  const locale = window.studioLocale;
  for (const [name, value] of [["language", locale], ["languages", [locale]]])
    try { Object.defineProperty(navigator, name, { get: () => value, configurable: true }); } catch {}

  // A browser that has looked at a data set is not shown the empty state for a moment.
  try { if (localStorage.getItem("studio-returning")) document.documentElement.classList.add("rs-returning"); } catch {}
  // Nor one that comes back to another tab the Data tab.
  if (!["", "#data"].includes(location.hash)) document.documentElement.classList.add("rs-opening");
  setTimeout(() => document.documentElement.classList.remove("rs-returning", "rs-opening"), 4000);

  const DARK = /prefers-color-scheme:\s*dark/, listeners = new Set(), real = window.matchMedia.bind(window);
  const stored = () => { try { return localStorage.getItem("studio-theme"); } catch { return null; } };
  const system = real("(prefers-color-scheme: dark)");
  const isDark = () => (stored() || (system.matches ? "dark" : "light")) === "dark";
  const draw = () => {
    document.documentElement.classList.toggle("dark", isDark());
    document.body?.classList.toggle("dark", isDark());
    listeners.forEach((listener) => listener({ matches: isDark() }));
  };
  window.matchMedia = (query) => !DARK.test(query) ? real(query) : {
    media: query, get matches() { return isDark(); }, onchange: null,
    addEventListener: (_, listener) => listeners.add(listener),
    removeEventListener: (_, listener) => listeners.delete(listener),
    addListener: (listener) => listeners.add(listener), removeListener: (listener) => listeners.delete(listener),
  };
  window.studioTheme = {
    isDark,
    toggle() {
      const next = isDark() ? "light" : "dark";
      try { localStorage.setItem("studio-theme", next); } catch {}
      draw();
    },
  };
  system.addEventListener("change", draw);
  draw();
})();
