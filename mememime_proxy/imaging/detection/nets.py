"""Nets of the operator's in the format ONNX: loaded once, run on one thread.

The library is imported and a net is loaded before workers are forked and confined, and run in workers alone.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mememime_proxy.errors import SettingsError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_MODULE: Final = "onnxruntime"


@cache
def is_installed() -> bool:
    """Whether nets can be run."""
    return find_spec(_MODULE) is not None


class Net:
    """A net with one picture as its input."""

    def __init__(self, path: str) -> None:
        """Load the net. Raises SettingsError where that file is none."""
        # Its telemetry would start a thread and write a device id below the home folder, before any option of its own
        # can be set; numpy would start a thread for every core.
        os.environ["ORT_DISABLE_TELEMETRY"] = "1"
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        runtime: Any = importlib.import_module(_MODULE)
        options = runtime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = False  # memory of a job goes back after it
        options.log_severity_level = 3
        try:
            body = Path(path).read_bytes()
            self._session = runtime.InferenceSession(body, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # noqa: BLE001 - its errors have no common class
            raise SettingsError(f"found {path!r}, expected a net in the format ONNX ({str(error)[:200]})") from None
        (self._input,) = self._session.get_inputs()
        self._outputs = tuple(output.name for output in self._session.get_outputs())

    def size(self, default: int, *, channels_last: bool = False) -> tuple[int, int]:
        """Return width and height of the input: the net's own, or the default where it takes any."""
        height, width = self._input.shape[1:3] if channels_last else self._input.shape[2:4]
        return (width if isinstance(width, int) else default), (height if isinstance(height, int) else default)

    def run(self, samples: NDArray[np.float32]) -> Mapping[str, NDArray[np.float32]]:
        """Return the outputs by their names, in the order of the net."""
        return dict(zip(self._outputs, self._session.run(None, {self._input.name: samples}), strict=True))
