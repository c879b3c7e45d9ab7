// The data sets on offer: one that is chosen looks chosen, a public one asks before it is downloaded, deleting asks.
window.studioOffers = (element, choose, drop, undo) => {
  element.addEventListener("click", async (event) => {
    const remove = event.target.closest("[data-delete]"), open = event.target.closest("[data-key]");
    const back = event.target.closest("[data-undo]");
    if (back) undo(back.dataset.undo);
    else if (remove && !remove.classList.contains("sure")) {
      remove.classList.add("sure");
      remove.textContent = remove.dataset.sure;
    } else if (remove) {
      drop(remove.dataset.delete);
    } else if (open && (!("ask" in open.dataset) || await window.studioChosen.agreed(open))) {
      window.studioChosen.pending(open);
      choose(open.dataset.key);
    }
  });
  window.studioChosen.settle();
  window.studioChosen.follow();
};

window.studioChosen = (() => {
  const WAYS = { sample: "sample", public: "public", picked: "computer", zip: "computer", folder: "server" };
  const looked = () => document.querySelector("#data-gallery .rs-gallery")?.dataset ?? {};

  // What the page looks at now; whatever was clicked and came to nothing is let go.
  const settle = () => {
    const { dataset = "", source = "", name = "" } = looked(), way = dataset ? WAYS[source.split(":")[0]] : "";
    for (const offer of document.querySelectorAll("#data-sources .rs-offer")) {
      offer.removeAttribute("aria-busy");
      const chosen = dataset && (offer.dataset.key === dataset || offer.dataset.source === source);
      offer.setAttribute("aria-pressed", String(Boolean(chosen)));
    }
    for (const frame of document.querySelectorAll("#data-sources > *"))
      frame.toggleAttribute("data-chosen", frame.id === `data-from-${way}`);
    const picked = document.querySelector("#data-picker .rs-drop-chosen");
    if (picked) picked.textContent = way === "computer" ? picked.dataset.words.replace("{name}", name) : "";
  };
  // The gallery may be filled before or after an import says that it is done: whenever it changes, so does what is chosen.
  let following = null;
  const follow = () => {
    const gallery = document.querySelector("#data-gallery");
    if (!gallery) { setTimeout(follow, 200); return; }
    if (following === gallery) return;
    following = gallery;
    new MutationObserver(settle).observe(gallery, { subtree: true, childList: true, attributes: true });
    settle();
  };
  const pending = (offer) => {
    for (const other of document.querySelectorAll("#data-sources .rs-offer[aria-busy]")) other.removeAttribute("aria-busy");
    offer.setAttribute("aria-busy", "true");
  };

  const agreed = (offer) => new Promise((resolve) => {
    const dialog = document.createElement("dialog"), { ask, about, size, terms, kept, yes, no } = offer.dataset;
    const add = (tag, text, className = "") => {
      const node = dialog.appendChild(document.createElement(tag));
      node.textContent = text;
      node.className = className;
      return node;
    };
    dialog.className = "rs-dialog rs-ask";
    add("h2", ask, "rs-h").id = "data-ask-title";
    dialog.setAttribute("aria-labelledby", "data-ask-title");
    for (const line of [about, size, terms, kept]) add("p", line);
    const row = add("div", "", "rs-ask-buttons");
    for (const [answer, label, look] of [["no", no, ""], ["yes", yes, " primary"]]) {
      const button = row.appendChild(document.createElement("button"));
      button.type = "button";
      button.className = `rs-button${look}`;
      button.textContent = label;
      button.onclick = () => dialog.close(answer);
    }
    dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close("no"); });
    dialog.onclose = () => {
      dialog.remove();
      if (offer.isConnected) offer.focus();
      resolve(dialog.returnValue === "yes");
    };
    document.querySelector(".gradio-container").append(dialog);
    dialog.showModal();
  });

  return { settle, follow, pending, agreed };
})();
