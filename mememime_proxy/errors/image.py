"""Errors in rendering: of the image, and of the worker process that renders it."""

from __future__ import annotations

from mememime_proxy.errors.base import MememimeError


class ImageError(MememimeError):
    """The original cannot be rendered."""

    code = "image.invalid"
    status, public, kind = 422, "Invalid source image", "processing"
    remedy = "Open the original with another program; save it anew."


class UnknownFormatError(ImageError):
    """The original is not an image of a known format."""

    code = "image.format_unknown"
    development = "Source image type not supported"
    remedy = "Check that the source sends an image and not, for example, a page of HTML."


class HashsumError(ImageError):
    """The original's bytes do not have the digest that the URL names in `hashsum`."""

    code = "image.hashsum_differs"
    public = "The source does not have the hashsum of the URL"
    remedy = "Sign a URL with the digest of the present original, or find out why it has changed."


class LimitError(ImageError):
    """The image has too many pixels, bytes, frames, scans or chunks."""

    code = "image.too_large"
    development = "Source image resolution is too big"
    kind = "image_data_size"
    remedy = "Make the original smaller, or raise the limit that the detail in the log names."


class FrameTooLargeError(LimitError):
    """A frame of the animation has more pixels than MEMEMIME_MAX_ANIMATION_FRAME_RESOLUTION allows."""

    code = "image.frame_too_large"
    development = "Source image frame resolution is too big"
    remedy = "Make the original smaller, or raise MEMEMIME_MAX_ANIMATION_FRAME_RESOLUTION."


class CostLimitError(LimitError):
    """The render would take, or has taken, more CPU time or memory than such a picture may."""

    code = "image.too_costly"
    remedy = "Make the original smaller or simpler, or ask for less: another format, fewer frames, no blur."


class TooLongError(LimitError):
    """A result of a film or sound that takes longer than a request may: ask for a stream, or make it a job."""

    code = "film.too_long"
    public = "Too long to be made on request; ask for a stream or make it a job"
    kind = "processing"
    remedy = "Ask for a clip, a smaller size or a stream (`m3u8`), or raise MEMEMIME_AV_TIMEOUT."


class SourceTooLargeError(LimitError):
    """The original has more bytes than MEMEMIME_MAX_SRC_FILE_SIZE allows."""

    code = "source.too_large"
    development = "Source image file is too big"
    remedy = "Make the original smaller, or raise MEMEMIME_MAX_SRC_FILE_SIZE."


class UnsupportedFormatError(ImageError):
    """The format is known, and this installation cannot read or write it."""

    code = "image.format_unsupported"
    public = "Invalid URL"
    remedy = "`mememime formats` lists what can be read and written, and which extra a format needs."


class FormatDisabledError(UnsupportedFormatError):
    """The operator has switched this format off, of originals or of results."""

    code = "image.format_disabled"
    public = "Image format is disabled"
    remedy = "Remove the format from MEMEMIME_DISABLED_SOURCE_FORMATS or MEMEMIME_DISABLED_RESULT_FORMATS, and reload."


class MissingDecoderError(UnsupportedFormatError):
    """The format of the original is known, and its decoder is not installed."""

    code = "image.decoder_missing"
    public = "Invalid source image"
    development = "Source image type not supported"
    remedy = "Install the extra that the detail in the log names. `mememime formats` lists all."


class MissingDetectorError(ImageError):
    """The URL asks for what is found in a picture, and nothing is installed that finds it."""

    code = "image.detector_missing"
    public = (
        "Object detection is not configured, and blur_detections, draw_detections, crop_objects, detect_objects or"
        " classify needs it"
    )
    remedy = (
        "Install the extra that the detail in the log names, `faces` or `objects`, or take the option out of the URL:"
        " the picture is not served without it."
    )


class MissingC2paError(ImageError):
    """C2PA manifests are to be read or written, and the library is not installed."""

    code = "image.manifest_codec_missing"
    public = "C2PA is not configured, and c2pa needs it"
    remedy = "Install the extra `c2pa`, or take `c2pa` out of the URL and set MEMEMIME_C2PA=off."


class MissingMetricError(ImageError):
    """The plan asks for a search for a quality, and nothing is installed that measures pictures."""

    code = "image.metric_missing"
    public = "Pictures cannot be measured here, and autoquality needs it"
    remedy = "Install the extra `autoquality`, or take the option out of the URL (MEMEMIME_AUTOQUALITY_METHOD)."


class MissingStreamError(ImageError):
    """The original has no pictures, no sound, no cover, or no track with the index or language that the URL names."""

    code = "film.stream_missing"
    public = "The source has no such stream"
    remedy = "`/info/…` lists the streams of the original. Choose a track that is there, or a format for what is there."


class WatermarkError(ImageError):
    """The watermark or the mask of a URL cannot be had or drawn. The picture is not shown without it."""

    code = "watermark.failed"
    public = "The watermark or mask of the URL cannot be used"
    remedy = "The detail in the log names the option: its picture cannot be fetched or read, its text is too large, or"
    remedy += " there are no fonts (MEMEMIME_FONTS_DIR)."


class BrokenImageError(ImageError):
    """The image is corrupt."""

    code = "image.corrupt"
    public = "Broken or unsupported image"
    development = "Broken or unsupported image. Image is not compatible with its decoder"
    remedy = "Replace the original; its bytes cannot be decoded."


class PasswordError(ImageError):
    """The document is encrypted, and opens only with a password."""

    code = "image.password"
    public = "The source is protected by a password"
    remedy = "Save the document without a password; there is no option for one."


class QuarantineError(BrokenImageError):
    """The original has ended several workers a short time ago, and no worker gets it for a while."""

    code = "image.quarantined"
    remedy = "Look in the log for what its renders ended in. A purge of the source ends the quarantine."


class WorkerError(MememimeError):
    """The render failed for a reason that is not in the image."""

    code = "worker.failed"
    kind = "processing"
    remedy = "Read the detail in the log; a traceback in it is a fault to report."


class WorkerCrashError(WorkerError):
    """A decoder or encoder ended its process: abort, segmentation fault or memory limit."""

    code = "worker.crashed"
    status, public = 422, "Broken or unsupported image"
    development = BrokenImageError.development
    remedy = "Keep the original for a report. Where the memory limit is the reason, raise MEMEMIME_WORKER_MEMORY_LIMIT."


class SandboxError(WorkerError):
    """Workers lack a layer of the sandbox that MEMEMIME_REQUIRE_SANDBOX asks for. The service does not start."""

    code = "worker.unconfined"
    remedy = "The message names what each missing layer needs. `mememime doctor` says what this machine offers."


class WorkerKilledError(WorkerError):
    """The worker process was killed from outside while it rendered."""

    code = "worker.killed"
    status, public, retry_after = 503, "Temporarily unavailable", 1
    remedy = "Look for the kernel's OOM killer, and give the machine or container more memory or fewer workers."


class RenderTimeoutError(WorkerError):
    """The request's deadline passed before the variant was ready."""

    code = "render.timeout"
    status, public, kind, retry_after = 503, "Timeout", "timeout", 1
    remedy = "Raise MEMEMIME_TIMEOUT, lower the limits on originals, or add processes where renders wait for workers."
