"""The commands that name pictures: a few at once, or many with progress, resume, tables and sorted copies."""

from __future__ import annotations

import argparse
import signal
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resnet_studio.commands import data, watching
from resnet_studio.commands import prediction_details as details
from resnet_studio.commands.data import Result
from resnet_studio.commands.given_pictures import named_pictures
from resnet_studio.commands.runs import NONE_OF_THESE, add_accept
from resnet_studio.durable import make_folder
from resnet_studio.errors import DataError, RunError, StudioError
from resnet_studio.predicting import copies, engine, export
from resnet_studio.predicting.jobs import Job, Jobs, Request, Source
from resnet_studio.predicting.rows import Index, with_name
from resnet_studio.service import ensembles
from resnet_studio.service.answering import answering, file_of
from resnet_studio.stepwise import result_of
from resnet_studio.text import say
from resnet_studio.thresholds import parse
from resnet_studio.upkeep import audit
from resnet_studio.upkeep.bin import Bin
from resnet_studio.workspace import Workspace

if TYPE_CHECKING:
    from resnet_studio.imported_onnx import ImportedOnnx
    from resnet_studio.prediction import Predictor
    from resnet_studio.terminal import Terminal

Command = Callable[[str, str], argparse.ArgumentParser]
MODEL = "a run, 'last', a checkpoint file, or an imported ONNX file"
DEVICE = "auto, cpu, cuda, cuda:N or mps"
WITH = "answer together with this model, or all of this study: the mean of their probabilities; may be repeated"
THRESHOLD = "answer CLASS from this probability on, and only then; may be given for several classes"
OUT = "write a table there: a .csv, .json or .parquet file, or a folder for the CSV; then one can stop and --resume"
SORT = "copy the pictures into one folder a class, and none-of-these, in FOLDER; nothing is moved or written over"


def add(command: Command) -> None:
    """The commands ``predict`` and ``predictions``."""
    predict = command("predict", "classify pictures")
    predict.add_argument("model", metavar="RUN_OR_CHECKPOINT", help=MODEL)
    predict.add_argument(
        "pictures", metavar="PICTURES", nargs="*", default=[], type=Path, help="pictures, or folders or zips of them"
    )
    predict.add_argument("--with", dest="others", metavar="RUN", action="append", default=[], help=WITH)
    predict.add_argument(
        "--unlabelled", action="store_true", help="PICTURES are data sets: classify their pictures without labels"
    )
    predict.add_argument(
        "--drawings",
        action="store_true",
        help="reduce PICTURES, which were drawn, to the size of the training pictures",
    )
    predict.add_argument("--threshold", action="append", default=[], metavar="CLASS=0.3", help=THRESHOLD)
    predict.add_argument(
        "--nearest",
        type=int,
        default=0,
        metavar="N",
        help="also the N training pictures most alike",
    )
    many = predict.add_argument_group("many pictures, with progress")
    many.add_argument("--out", type=Path, metavar="DIR_OR_FILE", help=OUT)
    many.add_argument("--sort-into", type=Path, metavar="FOLDER", help=SORT)
    many.add_argument(
        "--unsure-into", metavar="NAME", nargs="?", const=copies.UNSURE, default="",
        help="copy unsure ones into the folder NAME of FOLDER (default: unsure)",
    )  # fmt: skip
    many.add_argument("--resume", action="store_true", help="go on with the same pictures where an earlier try ended")
    watching.add(predict)
    add_accept(predict)
    data.add_choices(predict)
    predict.add_argument("--device", default="auto", help=DEVICE)

    listed = command("predictions", "list the answers for many pictures that are kept, or delete some")
    listed.add_argument("--delete", metavar="ID", help="remove these answers for good; the pictures stay")


def predict(options: argparse.Namespace, workspace: Workspace, terminal: Terminal) -> Result:
    """Classify pictures."""
    if options.watch:
        return watching.watch(options, workspace, terminal, _loader(options.device, options.accept))
    if options.sort or options.move or options.once:
        raise DataError("error.watch.without")
    if not options.pictures:
        raise DataError("error.watch.pictures")
    if options.unsure_into and not options.sort_into:
        raise DataError("error.predictions.unsure_where")
    if options.sort_into:  # found out before hours of predictions
        make_folder(options.sort_into.expanduser())
    if options.out or options.sort_into or options.resume:
        return _many(options, workspace, terminal)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        if options.unlabelled:
            named = data.unlabelled(options, workspace, terminal)
        else:
            named = named_pictures(options.pictures, Path(folder))
        return _few(named, options, workspace, terminal)


def _few(
    named: Sequence[tuple[str, Path]], options: argparse.Namespace, workspace: Workspace, terminal: Terminal
) -> Result:
    """Classify pictures, each with the name to show it by."""
    paths = details.models(options, workspace)
    thresholds = _thresholds(options.threshold, paths[0])
    load = _loader(options.device, options.accept)
    keys = details.keys(paths, workspace)
    tool = answering(keys, workspace, load, drawings=options.drawings, thresholds=thresholds)
    rows = [
        _row(name, answer, tool)
        for (name, _), answer in zip(named, tool.answer([file for _, file in named]), strict=True)
    ]
    if all("error" in row for row in rows):
        raise rows_error(rows)
    lines = [
        f"{row['file']}: {row['error']}"
        if "error" in row
        else f"{row['file']}: {NONE_OF_THESE if row['unknown'] else ''}{row['label']} {row['probability']:.1%}"
        for row in rows
    ]
    if options.nearest > 0:
        lines += details.add_nearest(rows, [file for _, file in named], options, paths, terminal)
    said = ensembles.judged(paths) if len(paths) > 1 else None
    if said:
        lines += [each.sentence() for each in said]
    return Result("\n".join(lines), {"predictions": rows, **details.together(paths, workspace)})


def _thresholds(given: Sequence[str], checkpoint: Path) -> dict[str, float]:
    from resnet_studio.model.onnx_card import card_at

    return parse(given, card_at(checkpoint).classes) if given else {}


def _loader(device: str, accept: float | None = None) -> Callable[[Path], Predictor | ImportedOnnx]:
    from resnet_studio.imported_onnx import load_model

    return partial(load_model, device=device, accept=accept)


def _row(name: str, answer: Any, tool: engine.Answering) -> dict[str, Any]:
    answer = with_name(answer, name.rpartition("/")[2])
    if isinstance(answer, StudioError):
        return {"file": name, "error": str(answer)}
    return {
        "file": name,
        "label": answer.label,
        "probability": answer.probability,
        "level": tool.judge(answer),
        "unknown": answer.unknown,
        "unlike": answer.unlike,
        "scores": dict(answer.scores),
    }


def rows_error(rows: list[dict[str, Any]]) -> StudioError:
    """Why nothing could be predicted: the one reason where there is one picture, else that none could."""
    return DataError("error.cli.no_pictures") if len(rows) != 1 else DataError("error.cli.one_picture", **rows[0])


def _many(options: argparse.Namespace, workspace: Workspace, terminal: Terminal) -> Result:
    """Classify pictures as a job, which is kept; then write what was asked for."""
    if options.out:
        export.check_target(options.out)
    job = _job(options, workspace, terminal)
    stopped = _carried_out(job, options, workspace, terminal)
    index, total = Index(job.rows_file), len(job.pictures())
    index.update()
    counts = dict(zip(job.request.classes, index.counts(len(job.request.classes)), strict=True))
    found: dict[str, Any] = {
        "job": job.id, "done": len(index), "total": total, "failed": index.failed, "unsure": int(index.unsure.sum()),
        "counts": counts, "unknown": int(index.unknown.sum()), "file": None, "sorted": None,
        **details.together([file_of(key, workspace) for key in job.request.models], workspace),
    }  # fmt: skip
    if stopped:
        raise RunError("error.predictions.stopped", done=len(index), total=total)
    lines = [f"{len(index):,} pictures: {index.failed:,} could not be read, {found['unsure']:,} answers are unsure"]
    lines += [f"  {count:7,}  {name}" for name, count in counts.items() if count]
    lines += [f"  {found['unknown']:7,}  {say('predict.verdict.unknown.note', 'en')}"] if found["unknown"] else []
    if options.out:
        found["file"] = str(export.save(job, options.out))
        lines.append(found["file"])
    if options.sort_into:
        copied = _copied(job, options, terminal)
        found["sorted"] = {"folder": str(options.sort_into), **vars(copied)}
        lines.append(
            f"{options.sort_into}: {copied.copied:,} copied, {copied.there:,} were there, {copied.gone:,} gone"
        )
    return Result("\n".join(lines), found)


def _job(options: argparse.Namespace, workspace: Workspace, terminal: Terminal) -> Job:
    """The job that ``options`` ask for: a new one, or the unfinished or last one of the same pictures to resume."""
    request = _request(options, details.models(options, workspace), _sources(options, workspace, terminal), workspace)
    jobs = Jobs(workspace)
    if options.resume:
        for job in jobs.same(request):
            job.ready()
            return job
        terminal.line("nothing to resume: beginning anew")
    return jobs.new(request)


def _request(
    options: argparse.Namespace, paths: Sequence[Path], sources: Sequence[Source], workspace: Workspace
) -> Request:
    from resnet_studio.model.onnx_card import card_at

    classes, name = tuple(card_at(paths[0]).classes), " + ".join(map(details.name_of, paths))
    given = options.pictures
    title = (given[0].name or str(given[0])) if len(given) == 1 else f"{len(given):,} paths"
    return Request(
        models=details.keys(paths, workspace), model_name=name, classes=classes, title=title,
        sources=tuple(sources), drawings=options.drawings, thresholds=_thresholds(options.threshold, paths[0]),
    )  # fmt: skip


def _sources(options: argparse.Namespace, workspace: Workspace, terminal: Terminal) -> list[Source]:
    if options.unlabelled:
        found = data.unlabelled(options, workspace, terminal)
        return [Source("file", str(file.resolve()), name) for name, file in found]
    sources: list[Source] = []
    for path in options.pictures:
        if not path.exists():
            raise DataError("error.predictions.no_such", path=str(path))
        whole = str(path.resolve())
        if path.is_dir():
            sources.append(Source("folder", whole, str(path)))
        else:
            sources.append(Source("zip" if path.suffix.lower() == ".zip" else "file", whole, str(path)))
    return sources


def _carried_out(job: Job, options: argparse.Namespace, workspace: Workspace, terminal: Terminal) -> bool:
    """Name the pictures of ``job``; whether Ctrl-C or SIGTERM stopped that: its answers are kept, to be resumed."""
    stops: list[int] = []
    before = {
        each: signal.signal(each, lambda number, _: stops.append(number)) for each in (signal.SIGINT, signal.SIGTERM)
    }
    load = _loader(options.device, options.accept)
    asked = job.request
    tool = partial(answering, asked.models, workspace, load, drawings=asked.drawings, thresholds=asked.thresholds)
    steps, show = engine.carry_out(job, tool), terminal.steps("pictures")
    try:
        for step in steps:
            if step.total:
                show(step.done, step.total)
            if stops or (job.stopped and step.done < step.total):
                return step.done < step.total or not step.total
        return False
    finally:
        steps.close()
        for each, handler in before.items():
            signal.signal(each, handler)


def _copied(job: Job, options: argparse.Namespace, terminal: Terminal) -> copies.Copied:
    steps, show = copies.copy_into(job, options.sort_into, unsure=options.unsure_into), terminal.steps("copies")
    return result_of(steps, lambda step: show(step.done, step.total))


def predictions(options: argparse.Namespace, workspace: Workspace, terminal: Terminal) -> Result:  # noqa: ARG001
    """List the prediction jobs, or delete one."""
    jobs = Jobs(workspace)
    if options.delete:
        job = jobs.find(options.delete)
        binned = Bin(workspace).put_prediction(job, audit.user_here())
        return Result(f"{job.id} is in the bin, as {binned.entry}", {"deleted": job.id, "bin": binned.entry})
    rows: list[dict[str, Any]] = []
    for job in jobs.all():
        try:
            request, total = job.request, len(job.pictures()) if job.pictures_file.is_file() else None
        except RunError as error:
            rows.append({"job": job.id, "error": str(error)})
            continue
        done = job.rows.count()
        rows.append({
            "job": job.id, "title": request.title, "models": list(request.models), "created": request.created,
            "done": done, "total": total, "status": job.status(done, total),
        })  # fmt: skip
    lines = [
        f"{row['job']}: {row['error']}" if "error" in row
        else f"{row['job']}  {row['title']}: {row['done']:,} of {row['total'] or 0:,}, {row['status']}"
        for row in rows
    ]  # fmt: skip
    return Result("\n".join(lines) or "no predictions are kept", {"predictions": rows})
