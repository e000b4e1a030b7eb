"""``mememime nginx-config``: what the service is set to, as a configuration for the NGINX in front of it."""

from __future__ import annotations

from typing import Any

import click

from mememime_proxy.cdn import nginx
from mememime_proxy.cdn.config import EdgeConfig, shared_fields
from mememime_proxy.errors import SettingsError
from mememime_proxy.settings.settings import load


@click.command("nginx-config")
@click.option("--upstream", "upstreams", multiple=True, default=["127.0.0.1:8080"], show_default=True,
              help="A process of the service, host:port or unix:/path; once for each.")  # fmt: skip
@click.option("--listen", default="8081", show_default=True, help="Port, or address:port.")
@click.option("--certificate", default="", help="File with the certificate chain: serve TLS.")
@click.option("--certificate-key", default="", help="File with its key.")
@click.option("--cache-path", default="/var/cache/mememime", show_default=True, help="Folder of the cache.")
@click.option("--cache-size", default="40g", show_default=True, help="How large the cache may become.")
@click.option(
    "--state", default="/var/lib/mememime-nginx", show_default=True, help="Folder of sockets and of what is temporary."
)
@click.option("--slices/--no-slice", default=True, help="Whether this NGINX has the slice module.")
@click.option(
    "--miss-rate",
    default=50,
    show_default=True,
    type=click.IntRange(0),
    help="Misses a second that one client may cause; 0 = any number.",
)
@click.option(
    "--lan",
    multiple=True,
    default=["127.0.0.1/32", "::1/128"],
    show_default=True,
    help="Network without that limit, which may also purge; several times.",
)
@click.option(
    "--trusted-proxy",
    "trusted",
    multiple=True,
    help="Network of load balancers whose X-Forwarded-For is believed; several times.",
)
@click.option("--standalone", is_flag=True, help="A whole configuration file, for an NGINX without root.")
def nginx_config(*, standalone: bool, **options: Any) -> None:
    """Print the configuration of NGINX as the CDN tier, made from this environment's settings."""
    given: dict[str, Any] = {
        name: tuple(found) if isinstance(found, list | tuple) else found for name, found in options.items()
    }
    try:
        edge = EdgeConfig(**given, **shared_fields(load()))
    except SettingsError as error:
        raise click.ClickException(error.detail) from error
    click.echo(nginx.standalone(edge) if standalone else nginx.http(edge), nl=False)
