// Inside the network, a panel on Results: the maps of the chosen test picture, and what excites a channel most.
(() => {
  const about = (box) => JSON.parse(box.dataset.inside);
  const filled = (text, channel) => text.replace("[channel]", channel);

  const load = async (box, wanted, ask) => {
    const { words } = about(box), maps = box.querySelector(".res-inside-maps");
    box.wanted = wanted;
    for (const button of box.querySelectorAll("[data-inside-picture]"))
      button.setAttribute("aria-pressed", String(button.dataset.insidePicture === wanted));
    maps.setAttribute("aria-busy", "true");
    const answer = await ask().catch(() => ({ problem: words.busy }));
    if (box.wanted !== wanted) return; // another picture was chosen meanwhile
    maps.removeAttribute("aria-busy");
    if (answer.html) maps.innerHTML = answer.html;
    else maps.textContent = answer.problem ?? words.busy;
  };

  const show = (box, place) => load(box, place, async () => {
    const { start, words } = about(box), answer = await fetch(`${start}inside/${place}`, { credentials: "same-origin" });
    if (answer.ok) return { html: await answer.text() };
    return { problem: answer.status === 404 ? words.gone : words.busy };
  });

  // A small file goes as it is, a large one is made small first: the network sees a few hundred pixels of it anyway.
  const SIDE = 1280, BYTES = 2 ** 20;
  const small = async (file) => {
    const picture = await createImageBitmap(file), scale = Math.min(1, SIDE / Math.max(picture.width, picture.height));
    if (scale === 1 && file.size <= BYTES && /^image\/(jpeg|png|webp)$/.test(file.type)) return file;
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(picture.width * scale));
    canvas.height = Math.max(1, Math.round(picture.height * scale));
    const pen = canvas.getContext("2d");
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
    return new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.9));
  };
  const own = (box, file) => load(box, file, async () => {
    const { start, words } = about(box), body = await small(file).catch(() => null);
    if (!body) return { problem: words.unreadable };
    return (await fetch(`${start}inside`, { method: "POST", body, credentials: "same-origin" })).json();
  });

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
    const target = event.target.closest?.("[data-inside-picture], [data-inside-channel], [data-inside-own]"), box = target?.closest(".res-inside");
    if (!box) return;
    if ("insideOwn" in target.dataset) box.querySelector('input[type="file"]').click();
    else if (target.dataset.insidePicture !== undefined) show(box, target.dataset.insidePicture);
    else excite(box, target);
  });
  document.addEventListener("change", (event) => {
    const box = event.target.matches?.('.res-inside input[type="file"]') && event.target.closest(".res-inside");
    if (!box) return;
    const [file] = event.target.files;
    event.target.value = ""; // so that the same file can be chosen again
    if (file) own(box, file);
  });
})();
