// Pictures enlarge: whatever has data-zoom (the address of its large version; empty for the picture shown itself), by
// click, Enter or space. Arrow keys go on to the next of the same data-zoom-group; Esc closes.
(() => {
  const words = () => document.getElementById("studio-words")?.dataset ?? {};
  const around = (one) => [...(one.closest("[data-zoom-group]") ?? one.parentElement).querySelectorAll("[data-zoom]")];

  const made = (name, className, text = "") => {
    const node = document.createElement(name);
    node.className = className;
    node.textContent = text;
    if (name === "button") node.type = "button";
    return node;
  };
  const button = (label, text, act, className = "rs-icon-button") => {
    const node = made("button", className, text);
    if (text !== label) node.setAttribute("aria-label", label);
    node.onclick = act;
    return node;
  };

  const enlarge = (first) => {
    const all = around(first), dialog = made("dialog", "rs-dialog rs-zoomed"), image = new Image();
    const over = made("div", "rs-heat-over"), layer = new Image(), heat = window.studioHeat?.(first);
    over.append(image);
    if (heat) { layer.className = "rs-heat"; layer.alt = ""; layer.hidden = true; over.append(layer); }
    const caption = made("p", "rs-zoom-caption"), count = made("span", "rs-small rs-number");
    let at = Math.max(0, all.indexOf(first));

    const show = (next) => {
      at = (next + all.length) % all.length;
      const one = all[at], small = one.matches("img") ? one : one.querySelector("img");
      image.src = one.dataset.zoom || small.currentSrc || small.src;
      image.alt = small.alt;
      if (heat) { Object.assign(layer.dataset, window.studioHeat(one)?.layer.dataset); over.append(layer); }
      caption.textContent = one.dataset.caption ?? (one.title || small.alt);
      count.textContent = `${(at + 1).toLocaleString(window.studioLocale)} / ${all.length.toLocaleString(window.studioLocale)}`;
      dialog.setAttribute("aria-label", caption.textContent || words().enlarge || "");
    };
    image.onload = () => image.classList.toggle("tiny", image.naturalWidth < 160);

    const bar = made("div", "rs-zoom-bar");
    if (all.length > 1)
      bar.append(button(words().previous, "‹", () => show(at - 1)), count, button(words().next, "›", () => show(at + 1)));
    const close = button(words().close, words().close, () => dialog.close(), "rs-button");
    bar.append(close);
    dialog.append(over, caption, ...(heat ? [heat.controls.cloneNode(true)] : []), bar);
    dialog.addEventListener("click", (event) => { if ([dialog, image, over].includes(event.target)) dialog.close(); });
    dialog.addEventListener("keydown", (event) => {
      const step = event.target.matches("input") ? 0 : { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!step || all.length < 2) return;
      event.preventDefault();
      show(at + step);
    });
    dialog.onclose = () => {
      dialog.remove();
      (all[at].isConnected ? all[at] : first).focus();
    };
    document.querySelector(".gradio-container").append(dialog);
    show(at);
    dialog.showModal();
    close.focus();
  };

  // A picture that Gradio shows is no button by itself.
  const GRADIO = "#predict-picture .image-frame img";
  const ready = () => {
    for (const image of document.querySelectorAll(`${GRADIO}:not([data-zoom])`)) {
      image.dataset.zoom = "";
      image.tabIndex = 0;
      image.setAttribute("role", "button");
      image.alt = words().enlarge;
      const sized = () => image.classList.toggle("tiny", image.naturalWidth > 0 && image.naturalWidth < 64);
      image.addEventListener("load", sized);
      sized();
    }
  };
  new MutationObserver(ready).observe(document.documentElement, { childList: true, subtree: true });

  document.addEventListener("click", (event) => {
    const one = event.target.closest?.("[data-zoom]");
    if (one) enlarge(one);
  });
  document.addEventListener("keydown", (event) => {
    if (!["Enter", " "].includes(event.key) || !event.target.matches?.("img[data-zoom]")) return;
    event.preventDefault();
    enlarge(event.target);
  });
})();
