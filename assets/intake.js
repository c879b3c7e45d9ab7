// Files come in by Ctrl+V and by a drop anywhere on the open tab, where that tab takes some in.
//
// window.studioTakers[tab] = {words, take}: `words(all)` says what a drop does, `take` gets [{path, file}], each path
//   with the names of its folders, or null where they cannot be read
// window.studioIntake.send(files, moved, sending)   posts files to the server and resolves to their paths there; where it
//                                                   refuses them, the error holds what it said
window.studioIntake = (() => {
  const taker = () => window.studioTakers?.[window.studioTabs.open()];
  const words = () => document.getElementById("studio-words").dataset;
  const holdsFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");

  const read = async (entry) => {
    if (entry.isFile) return [{ path: entry.fullPath.replace(/^\//, ""), file: await new Promise((yes, no) => entry.file(yes, no)) }];
    const reader = entry.createReader(), found = [];
    for (;;) {
      const some = await new Promise((yes, no) => reader.readEntries(yes, no));
      if (!some.length) break;
      for (const one of some) found.push(...await read(one));
    }
    return found;
  };
  // The list of a DataTransfer is empty once its event is over: all entries are taken before anything is awaited.
  const entries = (transfer) => {
    const files = [...transfer.items].filter((item) => item.kind === "file");
    const found = files.map((item) => ({ entry: item.webkitGetAsEntry?.(), file: item.getAsFile() }));
    return Promise.all(found.map(({ entry, file }) => entry ? read(entry) : file ? [{ path: file.name, file }] : []))
      .then((lists) => lists.flat());
  };

  const send = (files, moved = () => {}, sending = new Set()) => new Promise((resolve, reject) => {
    const request = new XMLHttpRequest(), form = new FormData();
    for (const { file } of files) form.append("files", file, file.name);
    request.open("POST", new URL("gradio_api/upload", document.baseURI));
    request.upload.onprogress = (event) => moved(event.loaded);
    request.onload = () => request.status === 200 ? resolve(JSON.parse(request.response))
      : reject(Object.assign(new Error(request.status), { said: [503, 507].includes(request.status) ? request.response : "" }));
    request.onerror = request.onabort = () => reject(new Error("broken"));
    request.onloadend = () => sending.delete(request);
    sending.add(request);
    request.send(form);
  });

  const curtain = (words) => {
    let node = document.getElementById("studio-dropping");
    if (!node && words) {
      node = document.body.appendChild(document.createElement("div"));
      node.id = "studio-dropping";
      node.className = "rs-dropping";
      node.setAttribute("aria-hidden", "true");
      node.append(document.createElement("p"));
    }
    if (!node) return;
    node.hidden = !words;
    if (words) node.firstElementChild.textContent = words;
  };

  // Gradio's own boxes take what is dropped on them themselves.
  const elsewhere = (event) => Boolean(event.target.closest?.("[aria-dropeffect]"));
  document.addEventListener("dragover", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();  // a browser would leave the page and open the file
    const here = taker();
    if (!here) event.dataTransfer.dropEffect = "none";
    curtain(here && !elsewhere(event) ? here.words(words()) : "");
  });
  document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) curtain(""); });
  document.addEventListener("dragend", () => curtain(""));
  document.addEventListener("drop", async (event) => {
    curtain("");
    if (!holdsFiles(event) || elsewhere(event)) return;
    event.preventDefault();
    const here = taker(), found = here && entries(event.dataTransfer);
    if (here) here.take(await found.catch(() => null));
  });
  document.addEventListener("paste", async (event) => {
    const transfer = event.clipboardData, here = taker();
    if (!here || ![...(transfer?.items ?? [])].some((item) => item.kind === "file")) return;
    const writing = event.target.closest?.("input, textarea, [contenteditable]");
    if (writing && transfer.getData("text/plain")) return;
    event.preventDefault();
    const found = entries(transfer);
    here.take(await found.catch(() => null));
  });

  return { send };
})();
