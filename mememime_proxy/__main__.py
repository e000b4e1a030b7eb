"""``python -m mememime_proxy`` is the command ``mememime``."""

from mememime_proxy.commands.group import main

main(prog_name="mememime")
