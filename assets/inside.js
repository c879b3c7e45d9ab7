// Inside the network, a panel on Results: the maps of the chosen test picture, and what excites a channel most.
(() => {
  const about = (box) => JSON.parse(box.dataset.inside);
  const filled = (text, channel) => text.replace("[channel]", channel);

  const show = async (box, place) => {
    const { start, words } = about(box), maps = box.querySelector(".res-inside-maps");
    box.wanted = place;
    for (const button of box.querySelectorAll("[data-inside-picture]"))
      button.setAttribute("aria-pressed", String(button.dataset.insidePicture === place));
    maps.setAttribute("aria-busy", "true");
    let html = null, gone = false;
    try {
      const answer = await fetch(`${start}inside/${place}`, { credentials: "same-origin" });
      gone = answer.status === 404;
      if (answer.ok) html = await answer.text();
    } catch { /* the server is away: said below */ }
    if (box.wanted !== place) return; // another picture was chosen meanwhile
    maps.removeAttribute("aria-busy");
    if (html === null) maps.textContent = gone ? words.gone : words.busy;
    else maps.innerHTML = html;
  };

  const excite = (box, tile) => {
    const { start, words } = about(box), section = tile.closest("section"), below = section.querySelector(".res-inside-top");
    const open = tile.getAttribute("aria-expanded") === "true", channel = tile.dataset.insideChannel;
    for (const other of section.querySelectorAll("[aria-expanded]")) other.setAttribute("aria-expanded", "false");
    below.hidden = open;
    if (open) return;
    tile.setAttribute("aria-expanded", "true");
    const top = JSON.parse(tile.dataset.top), head = document.createElement("p"), row = document.createElement("div");
    const title = filled(words.top, channel);
    head.textContent = top.length ? `${title} · ${words["top.note"]}` : filled(words["top.none"], channel);
    row.dataset.zoomGroup = "";
    row.append(...top.map(([place, x, y], rank) => {
      const one = document.createElement("button"), image = new Image(), ring = document.createElement("i");
      one.type = "button";
      one.className = "rs-zoom";
      one.dataset.zoom = `${start}picture/test/${place}?side=640`;
      one.dataset.caption = image.alt = `${title} (${rank + 1})`;
      image.src = `${start}changed/${place}`;
      Object.assign(ring.style, { left: `${100 * x}%`, top: `${100 * y}%` });
      one.append(image, ring);
      return one;
    }));
    below.replaceChildren(head, row);
  };

  document.addEventListener("studio-panel", (event) => {
    const box = event.target.querySelector(".res-inside"), first = box?.querySelector("[data-inside-picture]");
    if (first) show(box, first.dataset.insidePicture);
  });
  document.addEventListener("click", (event) => {
    const target = event.target.closest?.("[data-inside-picture], [data-inside-channel]"), box = target?.closest(".res-inside");
    if (!box) return;
    if (target.dataset.insidePicture !== undefined) show(box, target.dataset.insidePicture);
    else excite(box, target);
  });
})();
