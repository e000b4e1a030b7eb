"""Files for contributors name commands and targets that exist."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")


def test_pre_commit_hooks_run_installed_tools_on_paths_that_exist():
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))
    hooks = [hook for repository in config["repos"] for hook in repository["hooks"]]
    assert {repository["repo"] for repository in config["repos"]} == {"local"}
    for hook in hooks:
        program, *arguments = hook["entry"].split()
        assert shutil.which(Path(program).name, path=Path(sys.executable).parent)
        for argument in arguments:
            assert "/" not in argument or (ROOT / argument).exists()


def test_make_help_lists_every_target():
    listing = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    (targets,) = re.findall(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)
    assert re.findall(r"^  make (\S+)", listing, re.MULTILINE) == targets.split()


def test_documents_name_make_targets_that_exist():
    (targets,) = re.findall(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)
    documents = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob(".github/**/*.md")]
    named = {name for path in documents for name in re.findall(r"`make ([a-z-]+)", path.read_text("utf-8"))}
    assert named <= set(targets.split())
