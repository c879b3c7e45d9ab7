"""How long the grid of a large set takes, in a real browser: from a key or a click to what it brought about on screen.

    python benchmarks/looking.py ZIP [--most 20000] [--times 12]

A set of ``--most`` pictures of ZIP (``<class>/<name>.jpg`` in folders at any depth) is brought in by the page itself,
its grid is opened in Chromium at 1280 by 800, and each thing is done ``--times`` times, with other values each time.
``painted_ms`` ends with the frame that shows the cells and the count, ``pictures_ms`` when the last thumbnail in view
is decoded too; of a page that was never looked at these are made first. ``places_ms``, ``rows_ms`` and ``thumb_ms``
are the answers by route, as the browser saw them. Medians and the worst of each; a line in ``results/looking.jsonl``.

Two cores with four other programs on them (load 7), server and browser at a higher priority, 20,000 pictures of
CIFAR-10, medians: a class chosen 50 ms to the frame that shows it, 89 with all its pictures (worst 104 and 173); a
finding 52; the next page 67 with its pictures; a page that nobody has looked at yet 32, its pictures made and shown
134; one picture selected 21, all of them 22, all from here to the end 38; one left out, or that undone, 191. Each
thumbnail was a request of its own before: 315 ms for the next page and 522 for a new one at load 9.

Before and after edits had a route of their own and small pictures were given as they are, in turns at load 8 to 17,
each edit of another picture: one left out 532 and 497 before, 85 and 87 after; that undone 704 and 371, 92 and 100; a
page that nobody has looked at yet 174 and 167, 140 and 114, and 73 once small JPEGs were no longer encoded anew.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ledger import Ledger

ROOT = Path(__file__).resolve().parent.parent
WATCH = """(act) => new Promise((done) => {
  const dialog = document.querySelector('.rs-mend-grid'), pane = dialog.querySelector('.rs-mend-pane');
  const count = dialog.querySelector('.rs-mend-filters .rs-number'), sheet = dialog.querySelector('.rs-mend-sheet');
  performance.clearResourceTimings();
  let painted = 0, ready = 0, begun = 0, changed = 0;
  const after = () => { // the frame that shows what has just changed
    changed = performance.now();
    requestAnimationFrame(() => setTimeout(() => { painted = performance.now(); }));
  };
  const cells = new MutationObserver(after), chosen = new MutationObserver(after);
  cells.observe(sheet, { childList: true });
  cells.observe(count, { childList: true, characterData: true, subtree: true });
  chosen.observe(sheet, { attributes: true, subtree: true, attributeFilter: ['aria-selected', 'style'] });
  const within = (image) => {
    const at = image.getBoundingClientRect(), all = pane.getBoundingClientRect();
    return at.bottom > all.top && at.top < all.bottom;
  };
  const look = () => {
    const images = [...sheet.querySelectorAll('img')].filter(within);
    const whole = images.length > 0 && images.every((image) => image.complete && image.naturalWidth);
    if (!whole) ready = 0;
    else if (!ready) ready = performance.now();
    const quiet = performance.now() - Math.max(changed, painted, begun) > 400;
    if (!(whole && quiet && painted)) return setTimeout(look, 4);
    cells.disconnect(); chosen.disconnect();
    const answers = {};
    for (const each of performance.getEntriesByType('resource')) {
      const route = each.name.split('?')[0].split('/').filter((part) => !/^[0-9]+$/.test(part)).at(-1);
      if (/places|rows|thumb/.test(route)) (answers[route] ||= []).push(each.responseEnd - each.startTime);
    }
    done({ painted: painted - begun, pictures: Math.max(ready, painted) - begun, answers, count: count.textContent });
  };
  begun = performance.now();
  (new Function('dialog', 'pane', 'sheet', act))(dialog, pane, sheet);
  setTimeout(look, 4);
})"""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """A server of its own; its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "resnet_studio", "ui", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--workspace", str(folder / "workspace")]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT)
    try:
        address = f"http://127.0.0.1:{port}/"
        for _ in range(600):
            try:
                urllib.request.urlopen(address, timeout=5).close()
                break
            except OSError:
                time.sleep(0.2)
        yield address
    finally:
        process.terminate()
        process.wait(40)


def subset(source: Path, most: int, target: Path) -> list[str]:
    """Write ``most`` pictures of the zip ``source`` into the zip ``target``, evenly from its classes; the classes."""
    with zipfile.ZipFile(source) as archive, zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as written:
        names = [name for name in archive.namelist() if name.lower().endswith((".jpg", ".jpeg", ".png"))]
        random.Random(0).shuffle(names)
        for number, name in enumerate(names[:most]):
            label = name.split("/")[-2]
            written.writestr(f"{label}/{number}{Path(name).suffix}", archive.read(name))
        return sorted({name.split("/")[-2] for name in names[:most]})


def choosing(label: str, value: str) -> str:
    """What chooses ``value`` in the list ``label``."""
    return f"""const list = dialog.querySelector('select[aria-label="{label}"]');
      list.value = {value!r}; list.dispatchEvent(new Event('change'));"""


def pressing(key: str, **more: bool) -> str:
    """What presses ``key`` in the grid."""
    with_keys = "".join(f", {name}: true" for name, pressed in more.items() if pressed)
    return f"pane.dispatchEvent(new KeyboardEvent('keydown', {{ key: {key!r}, bubbles: true{with_keys} }}));"


def clicking(number: int, **more: bool) -> str:
    """What presses and releases the mouse on the cell ``number`` of those on screen."""
    with_keys = "".join(f", {name}: true" for name, pressed in more.items() if pressed)
    return f"""const cell = [...sheet.children].filter((each) => each.getBoundingClientRect().top > 120)[{number}];
      const at = cell.getBoundingClientRect();
      const where = {{ clientX: at.left + 20, clientY: at.top + 20, bubbles: true, buttons: 1{with_keys} }};
      for (const what of ['pointerdown', 'pointerup']) cell.dispatchEvent(new PointerEvent(what, where));"""


FIRST_FINDING = """const list = dialog.querySelector('select[aria-label="Finding"]');
  list.selectedIndex = 1; list.dispatchEvent(new Event('change'));"""


def done_by_users(classes: list[str], times: int) -> dict[str, list[str]]:
    """What is measured, by name: scripts, one for each time."""
    draw = random.Random(1)
    picked = [choosing("Class", draw.choice(classes)) for _ in range(times)]
    return {
        "filter by class": [each for one in picked for each in (one, choosing("Class", ""))],
        "order": [choosing("Order", ("name", "size", "class")[each % 3]) for each in range(times)],
        "next page": [pressing("PageDown")] * times,
        "somewhere else": [
            f"pane.scrollTop = {draw.random():.4f} * (sheet.offsetHeight - pane.clientHeight);" for _ in range(times)
        ],
        "select one": [clicking(each) for each in range(times)],
        "filter by finding": [FIRST_FINDING, choosing("Finding", "")] * (times // 2),
        "select all": [pressing("a", ctrlKey=True), clicking(0)] * (times // 2),
        "select from here to the end": [pressing("End", shiftKey=True), pressing("Home")] * (times // 2),
        "leave one out": [f"{clicking(each)} {pressing('Delete')}" for each in range(times)],
        "take that back": [pressing("z", ctrlKey=True)] * times,
    }


def opened(page: Any, address: str, archive: Path) -> dict[str, float]:
    """Bring ``archive`` in and open its grid; the seconds of both."""
    page.goto(address)
    page.locator("#data-own").click()
    begun = time.perf_counter()
    page.locator('#data-picker input[data-input="zip"]').set_input_files(archive)
    page.locator("#data-mend .rs-mend").wait_for()
    brought = time.perf_counter()
    page.locator('#data-mend [data-mend="grid"]').click()
    page.locator(".rs-mend-grid .rs-mend-cell img").first.wait_for()
    return {"brought_in_s": round(brought - begun, 1), "opened_s": round(time.perf_counter() - brought, 2)}


def measured(page: Any, acts: list[str]) -> dict[str, Any]:
    """Medians and the worst of ``acts``, ms."""
    found = [page.evaluate(f"({WATCH})({act!r})") for act in acts]
    row: dict[str, Any] = {"times": len(found)}
    for name in ("painted", "pictures"):
        row[f"{name}_ms"] = [
            round(statistics.median(each[name] for each in found)),
            round(max(each[name] for each in found)),
        ]
    for route in sorted({route for each in found for route in each["answers"]}):
        spent = [ms for each in found for ms in each["answers"].get(route, [])]
        row[f"{route}_ms"] = [round(statistics.median(spent)), round(max(spent))]
    return row


def main() -> None:
    """Measure all of it once."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("zip", type=Path)
    parser.add_argument("--most", type=int, default=20_000)
    parser.add_argument("--times", type=int, default=12)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, sync_playwright() as playwright:
        archive = Path(folder) / "set.zip"
        classes = subset(options.zip, options.most, archive)
        path = next((found for name in ("chromium", "google-chrome") if (found := shutil.which(name))), None)
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-US").new_page()
        page.set_default_timeout(600_000)
        with served(Path(folder)) as address:
            rows = opened(page, address, archive)
            for name, acts in done_by_users(classes, options.times).items():
                rows[name] = measured(page, acts)
                print(name, rows[name], file=sys.stderr, flush=True)
        browser.close()
    Ledger("looking").append({"pictures": options.most, **rows, "load": round(os.getloadavg()[0], 1)})


if __name__ == "__main__":
    main()
