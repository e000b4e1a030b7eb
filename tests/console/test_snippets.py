"""Programs of the playground that sign URLs: each runs where its language is there, and prints the builder's URL."""

from __future__ import annotations

import json
import os
import shutil
import subprocess

import pytest

from mememime_proxy.console.static_files import FOLDER
from mememime_proxy.urls import UrlBuilder

KEY, SALT, BASE = "ab" * 32, "cd" * 32, "https://images.example"
SNIPPETS = json.loads((FOLDER.parent / "src" / "playground" / "snippets.json").read_text("utf-8"))
COMMANDS = {
    "Python": ("sign.py", ["python3"]),
    "JavaScript": ("sign.mjs", ["node"]),
    "PHP": ("sign.php", ["php"]),
    "Ruby": ("sign.rb", ["ruby"]),
    "Go": ("sign.go", ["go", "run"]),
    "Java": ("Sign.java", ["java"]),
    "Bash": ("sign.sh", ["bash"]),
}


@pytest.mark.parametrize("language", SNIPPETS)
def test_program_prints_the_signed_url(language, tmp_path):
    name, command = COMMANDS[language]
    tools = [command[0], *(["xxd", "openssl"] if language == "Bash" else [])]
    if absent := [tool for tool in tools if shutil.which(tool) is None]:
        pytest.skip(f"{absent[0]} is not there")
    url = UrlBuilder(BASE, KEY, SALT).option("rs", "fill", "300", "200").build("alias://shop/a cup", "webp")
    path = "/" + url.removeprefix(BASE).split("/", 2)[2]
    file = tmp_path / name
    file.write_text(SNIPPETS[language].replace("@path@", path).replace("@base@", BASE), "utf-8")
    environment = os.environ | {
        "MEMEMIME_KEY": KEY,
        "MEMEMIME_SALT": SALT,
        "GOCACHE": str(tmp_path),
        "HOME": str(tmp_path),
    }
    result = subprocess.run([*command, file], capture_output=True, text=True, check=False, env=environment)
    assert result.stdout.strip() == url, result.stderr
