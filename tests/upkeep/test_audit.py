"""Who did what to what, and when; the server's own log."""

import json
import logging
import threading

import hand_made
import made

from resnet_studio import cli
from resnet_studio.service.logfile import logging_to
from resnet_studio.upkeep import audit
from resnet_studio.upkeep.bin import Bin


def test_acts_are_listed_the_last_first_and_can_be_narrowed_down(workspace, capsys):
    run = hand_made.new_run(workspace)
    audit.record(workspace, "browser:anna", "run.start", run.id)
    audit.record(workspace, "browser:ben", "run.stop", run.id)
    entry = Bin(workspace).put_run(run, "browser:ben").entry
    Bin(workspace).take_back(entry, "browser:anna")

    def listed(*options):
        assert cli.main(["audit", *options, "--json", "--workspace", str(workspace.root)]) == 0
        acts = json.loads(capsys.readouterr().out)["acts"]
        return [(act["who"].partition(":")[2], act["what"]) for act in acts]

    assert listed() == [("anna", "run.restore"), ("ben", "run.delete"), ("ben", "run.stop"), ("anna", "run.start")]
    assert listed("--of", "browser:anna", "--last", "1") == [("anna", "run.restore")]
    assert listed("--of", run.id, "--what", "run.st") == [("ben", "run.stop"), ("anna", "run.start")]


def test_the_command_line_writes_down_what_it_changes_and_nothing_else(workspace, capsys):
    run = hand_made.new_run(workspace)
    for command in (["runs"], ["rename", run.id, "Eve's cats"], ["bin", "list"], ["audit"]):
        assert cli.main([*command, "--workspace", str(workspace.root)]) == 0
    (act,) = audit.acts(workspace)
    assert (act.what, act.target, act.who) == ("command.rename", run.id, audit.user_here())
    assert "Eve" not in (workspace.root / "audit" / "audit.jsonl").read_text()


def test_files_are_rotated_by_size_also_where_several_write_and_old_ones_go(workspace, monkeypatch):
    monkeypatch.setattr(audit, "MOST_BYTES", 2_000)
    monkeypatch.setattr(audit, "FILES", 4)

    def write(who):
        for number in range(60):
            audit.record(workspace, who, "run.start", str(number))

    threads = [threading.Thread(target=write, args=(f"browser:{name}",)) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    files = sorted((workspace.root / "audit").glob("*.jsonl"))
    assert len(files) == 4 and all(file.stat().st_size < 3_000 for file in files)
    lines = sum(len(file.read_bytes().splitlines()) for file in files)
    found = list(audit.acts(workspace))
    assert len(found) == lines >= 60 and found[0].target == "59"
    for who in {act.who for act in found}:
        numbers = [int(act.target) for act in found if act.who == who]
        assert numbers == sorted(numbers, reverse=True)


def test_what_cannot_be_written_down_stops_nobody_and_damage_is_passed_over(workspace, monkeypatch):
    made.write(workspace.root / "audit", {"audit.jsonl": b'{"time": 1}\n\xff\n[]\nnull\n' + b"[" * 100_000 + b"\n"})
    audit.record(workspace, "x" * 1000, "run.start", "y" * 1000)
    assert [len(act.who) for act in audit.acts(workspace)] == [audit.LONGEST]
    monkeypatch.setattr(audit.os, "open", lambda *_: (_ for _ in ()).throw(OSError(28, "full")))
    audit.record(workspace, "anna", "run.start")


def test_the_log_of_the_server_is_rotated_and_its_warnings_still_reach_the_terminal(workspace, monkeypatch, capsys):
    monkeypatch.setattr("resnet_studio.service.logfile.MOST_BYTES", 4_000)
    with logging_to(workspace.root) as path:
        for number in range(400):
            logging.getLogger("resnet_studio.training").info("quiet %d", number)
        logging.getLogger("resnet_studio.training").warning("heard")
    logging.getLogger("resnet_studio.training").warning("after the end")
    kept = sorted(path.parent.iterdir())
    assert len(kept) == 5 and all(file.stat().st_size <= 4_000 for file in kept)
    assert "heard" in path.read_text() and "after the end" not in path.read_text()
    said = capsys.readouterr().err
    assert "heard" in said and "quiet" not in said


def test_where_no_log_can_be_written_the_server_goes_on(workspace):
    (workspace.root / "logs").write_text("in the way")
    with logging_to(workspace.root) as path:
        assert path is None
