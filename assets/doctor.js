// The check of the installation: one button begins it, one copies what a bug report needs.
window.studioDoctor = (element, examine, clean) => {
  element.addEventListener("click", async (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    const words = element.querySelector(".rs-doctor").dataset;
    if (button.dataset.examine) {
      button.disabled = true;
      button.textContent = words.working;
      examine();
    } else if (button.dataset.clean) {
      button.disabled = true;
      clean(button.dataset.clean === "remove");
    } else if (button.dataset.copy) {
      const report = element.querySelector("pre");
      try {
        await navigator.clipboard.writeText(report.textContent);
        button.textContent = words.copied;
      } catch {
        getSelection().selectAllChildren(report);  // without a clipboard, as over http: selected, to be copied by hand
      }
    }
  });
};
