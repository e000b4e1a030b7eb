"""The two HTML pages of the proxy."""

LANDING = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Mememime</title>
<style>body{font:1.1rem/1.5 system-ui,sans-serif;margin:15vh auto;max-width:34rem;padding:0 1rem}code{font-size:1rem}</style>
</head><body><h1>Mememime is running.</h1>
<p>Put a signed URL in an <code>&lt;img src&gt;</code> and the right picture comes back:</p>
<p><code>/{signature}/rs:fill:300:200/plain/{source}@webp</code></p>
<p><code>mememime sign</code> makes such URLs.</p></body></html>
"""


def error_page(status: int, text: str) -> str:
    """Return a page for developers about an error. ``text`` is escaped already."""
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{status}</title></head>'
        f"<body><h1>{status}</h1><pre>{text}</pre></body></html>\n"
    )
