"""A chain of FFmpeg's filters for sound: samples in, frames out."""

from __future__ import annotations

from collections.abc import Iterator

from av.audio.frame import AudioFrame
from av.error import BlockingIOError as NothingYet
from av.filter import Graph

from mememime_proxy.av.sound.frames import FORMAT, Samples, to_frame


def run_filters(
    blocks: Iterator[Samples], rate: int, layout: str, filters: tuple[tuple[str, str], ...]
) -> Iterator[AudioFrame]:
    """Yield the frames that come out of filters, given by name and arguments, in the order in which they are passed."""
    graph = Graph()
    graph.threads = 1
    chain = [graph.add("abuffer", f"sample_rate={rate}:sample_fmt={FORMAT}:channel_layout={layout}:time_base=1/{rate}")]
    chain += [graph.add(name, arguments) for name, arguments in filters]
    graph.link_nodes(*chain, graph.add("abuffersink")).configure()
    position = 0
    for block in blocks:
        graph.push(to_frame(block, rate, layout, position))
        position += block.shape[1]
        yield from _pull(graph)
    if position:
        graph.push(None)
        yield from _pull(graph)


def _pull(graph: Graph) -> Iterator[AudioFrame]:
    while True:
        try:
            frame = graph.pull()
        except (NothingYet, EOFError):
            return
        if isinstance(frame, AudioFrame):
            yield frame
