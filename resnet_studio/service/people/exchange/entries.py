"""The models in the exchange, and the switch of the teacher.

EXCHANGE/
  exchange.json     whether it is open, and who may not take part
  models/ID/
    model.json      which run of whom, whether it is in the exchange now
    attacks.json    the attacks on it, and the stickers
    attacks/N.jpg   the picture of an attack, made small
    tries           a byte for each picture that was tried

A model that is taken out, or whose run is deleted, keeps its attacks: bringing it again does not begin anew, and
nobody loses points by it.
"""

from __future__ import annotations

import json
import os
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from filelock import Timeout

from resnet_studio import acting, belonging
from resnet_studio.durable import make_folder, remove_folder, write_json
from resnet_studio.errors import RunError, StudioError
from resnet_studio.folder_names import safe_name
from resnet_studio.limits import LimitError, Limits
from resnet_studio.locks import Lock
from resnet_studio.workspace import Run, Workspace

FOLDER, FILE, MODEL, MODELS, TRIES, CHANGED = "exchange", "exchange.json", "model.json", "models", "tries", ".changed"
LOCK_SECONDS = 10.0
MOST_TRIES = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A model in the exchange; ``root`` is its folder. ``number`` is what others see of it, ``owner`` the id of a
    person, ``shared`` whether it is in the exchange now and the exchange is open.
    """

    root: Path
    number: int
    run: str
    owner: str
    classes: tuple[str, ...]
    created: float
    shared: bool = True

    @property
    def id(self) -> str:
        """The folder's name."""
        return self.root.name

    @property
    def owners(self) -> frozenset[str]:
        """Whose it is."""
        return frozenset({self.owner} if self.owner else ())

    @property
    def thing(self) -> acting.Thing:
        """As something that people own, and try where it is shared."""
        return acting.Thing("exchanged", self.id, self.owners, self.shared)

    @property
    def checkpoint(self) -> Path:
        """The model's file; it may be gone, or come back out of the bin."""
        return self.root.parents[2] / "runs" / self.run / "best.safetensors"

    @property
    def tries(self) -> int:
        """How many pictures it was tried with."""
        try:
            return (self.root / TRIES).stat().st_size
        except OSError:
            return 0

    def count_try(self) -> None:
        """One more picture was tried."""
        with suppress(OSError):
            descriptor = os.open(self.root / TRIES, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
            try:
                if os.fstat(descriptor).st_size < MOST_TRIES:
                    os.write(descriptor, b".")
            finally:
                os.close(descriptor)

    def to_json(self) -> dict[str, Any]:
        """What may be shown to whoever sees it."""
        values = asdict(self)
        del values["root"]
        return {"id": self.id, **values, "classes": list(self.classes), "tries": self.tries}


class Exchange:
    """The exchange of a workspace."""

    def __init__(self, workspace: Workspace, limits: Limits | None = None) -> None:
        self.workspace, self.limits = workspace, limits or Limits()
        self.folder = workspace.root / FOLDER

    # ---- what the teacher does

    @property
    def open(self) -> bool:
        """Whether anybody may try, attack, judge and put stickers; not before a teacher has opened it."""
        return _values(self.folder / FILE).get("open") is True

    def set_open(self, *, open: bool) -> None:
        """Open the exchange or stop it, at once and for everybody."""
        acting.check("manage", acting.STUDIO)
        with self.locked():
            self._write(open=open, barred=self.barred)

    @property
    def barred(self) -> frozenset[str]:
        """The ids of the people who may not take part."""
        found = _values(self.folder / FILE).get("barred")
        return frozenset(map(str, found)) if isinstance(found, list) else frozenset()

    def bar(self, person: str, *, barred: bool) -> None:
        """Let the person with that id take part no more, or again; what they brought is out of sight meanwhile."""
        acting.check("manage", acting.STUDIO)
        with self.locked():
            left = self.barred - {person}
            self._write(open=self.open, barred=left | {person} if barred else left)

    # ---- models

    def entries(self) -> list[Entry]:
        """The models that whoever acts here may see, in the order in which they came."""
        return [entry for entry in self.every() if acting.allowed("see", entry.thing)]

    def every(self) -> list[Entry]:
        """All there are, for whatever counts over all of them."""
        open, barred = self.open, self.barred
        found = [entry for path in self.folder.glob(f"{MODELS}/*/{MODEL}") if (entry := _entry(path.parent))]
        live = [
            replace(entry, shared=entry.shared and open and entry.owner not in barred and entry.checkpoint.is_file())
            for entry in found
        ]
        return sorted(live, key=lambda entry: (entry.number, entry.id))

    def find(self, id: object) -> Entry:
        """The model called ``id``, which may come from anywhere. Raises :class:`StudioError` where whoever acts here
        sees none of that name.
        """
        name = str(id or "")
        found = next((entry for entry in self.every() if entry.id == name), None) if safe_name(name) else None
        if found is None or not acting.allowed("see", found.thing):
            raise StudioError("error.exchange.missing")
        return found

    def bring(self, run: Run) -> Entry:
        """Put the model of ``run`` into the exchange; its owner alone may. Raises :class:`StudioError`."""
        thing = belonging.of_run(run.folder)
        acting.check("change", thing)
        if acting.actor() is not None and acting.owner() not in thing.owners:
            raise acting.NotAllowedError("error.exchange.not_owner")
        self.check_open()
        if not run.best.is_file():
            raise RunError("error.run.no_model", run=run.id)
        owner = min(thing.owners, default="")
        with self.locked():
            every = self.every()
            there = next((entry for entry in every if entry.run == run.id), None)
            most = self.limits.exchange_models_each
            if most and sum(each.owner == owner and each.shared and each.run != run.id for each in every) >= most:
                raise LimitError("exchange_models_each", "error.exchange.models", most=most)
            if there is None:
                number = max((entry.number for entry in every), default=0) + 1
                root = self.folder / MODELS / secrets.token_hex(6)
                classes = tuple(map(str, run.about.get("classes", ())))
                there = Entry(root=root, number=number, run=run.id, owner=owner, classes=classes, created=time.time())
            return self._kept(replace(there, shared=True))

    def take_out(self, entry: Entry) -> Entry:
        """Let nobody try ``entry`` any more; what was judged stays. Its owner and teachers may."""
        acting.check("change", entry.thing)
        with self.locked():
            return self._kept(replace(entry, shared=False))

    def forget(self, people: frozenset[str]) -> None:
        """Remove the models of ``people``, by id, with all attacks on them, as their accounts go; and close it."""
        if not self.folder.is_dir():
            return
        for entry in self.every():
            if entry.owner in people:
                remove_folder(entry.root)
        with self.locked():
            self._write(open=False, barred=self.barred - people)

    # ---- what all of it needs

    def check_open(self) -> None:
        """Raise :class:`StudioError` where whoever acts here may not take part at this moment; teachers may always."""
        if acting.allowed("manage", acting.STUDIO):
            return
        if not self.open:
            raise StudioError("error.exchange.closed")
        if acting.owner() in self.barred:
            raise StudioError("error.exchange.barred")

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Held while anything in it is counted or written."""
        make_folder(self.folder)
        lock = Lock(self.folder / "lock")
        try:
            lock.acquire(LOCK_SECONDS)
        except Timeout as error:
            raise StudioError("error.exchange.busy") from error
        try:
            yield
        finally:
            lock.release()

    def changed(self) -> None:
        """Pages that look at it ask anew."""
        with suppress(OSError):
            (self.folder / CHANGED).touch()

    def _write(self, *, open: bool, barred: frozenset[str]) -> None:
        write_json(self.folder / FILE, {"open": open, "barred": sorted(barred)})
        self.changed()

    def _kept(self, entry: Entry) -> Entry:
        values = asdict(entry)
        del values["root"]
        make_folder(entry.root)
        write_json(entry.root / MODEL, values)
        self.changed()
        return entry


def stamp(root: Path) -> int:
    """A number that changes when anything in the exchange of the workspace at ``root`` does; 0 before that."""
    try:
        return (root / FOLDER / CHANGED).stat().st_mtime_ns
    except OSError:
        return 0


def _entry(root: Path) -> Entry | None:
    values = _values(root / MODEL)
    try:
        values["classes"] = tuple(map(str, values["classes"]))
        found = Entry(root=root, **{each.name: values[each.name] for each in fields(Entry) if each.name in values})
    except (LookupError, TypeError):
        return None
    sound = isinstance(found.number, int) and isinstance(found.run, str) and safe_name(found.run)
    return found if sound else None


def _values(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return dict(found) if isinstance(found, Mapping) else {}
