"""``mememime nginx-config``: print a configuration for NGINX in front of the service, from the same settings."""

from __future__ import annotations

from typing import Any

import click

from mememime_proxy.cdn import nginx
from mememime_proxy.cdn.config import CACHE_PATH, EdgeConfig, check_beside_services, shared_fields
from mememime_proxy.errors import SettingsError
from mememime_proxy.settings.settings import load


@click.command("nginx-config")
@click.option("--upstream", "upstreams", multiple=True, default=["127.0.0.1:8080"], show_default=True,
              help="Address of a service process, host:port or unix:/path; dns+http://name:port for all addresses of a"
                   " name, looked up while NGINX (1.27.3 or later) runs. Repeatable.")  # fmt: skip
@click.option("--resolver", "resolvers", multiple=True, help="Address of a DNS server, for such names. Repeatable.")
@click.option("--listen", default="8000", show_default=True, help="Port, or address:port.")
@click.option("--certificate", default="", help="File of the certificate chain; enables TLS.")
@click.option("--certificate-key", default="", help="File of the certificate's key.")
@click.option("--cache-path", help=f"Folder of NGINX's cache.  [default: MEMEMIME_NGINX_CACHE_PATH, or {CACHE_PATH}]")
@click.option("--cache-size", default="40g", show_default=True, help="Size limit of the cache.")
@click.option(
    "--state", default="/var/lib/mememime-nginx", show_default=True, help="Folder of sockets and temporary files."
)
@click.option("--slices/--no-slice", default=True, help="Whether this NGINX has the slice module.")
@click.option(
    "--miss-rate",
    default=50,
    show_default=True,
    type=click.IntRange(0),
    help="Cache misses per second allowed to one client; 0 = unlimited.",
)
@click.option(
    "--lan",
    multiple=True,
    default=["127.0.0.1/32", "::1/128"],
    show_default=True,
    help="Network without this limit, which may also purge. Repeatable.",
)
@click.option(
    "--trusted-proxy",
    "trusted",
    multiple=True,
    help="Network of load balancers whose X-Forwarded-For is trusted. Repeatable.",
)
@click.option("--standalone", is_flag=True, help="Print a complete configuration file, for an NGINX without root.")
def nginx_config(*, standalone: bool, **options: Any) -> None:
    """Print the configuration of NGINX as the CDN tier, from the settings in the environment."""
    fields: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list | tuple) else value for name, value in options.items()
    }
    try:
        settings = load()
        fields["cache_path"] = fields["cache_path"] or settings.nginx_cache_path or CACHE_PATH
        edge = EdgeConfig(**fields, **shared_fields(settings))
        check_beside_services(edge, settings)
    except SettingsError as error:
        raise click.ClickException(error.detail) from error
    if settings.nginx_cache_path not in {"", edge.cache_path}:
        click.echo(
            f"Warning: MEMEMIME_NGINX_CACHE_PATH is {settings.nginx_cache_path!r}: unless it is the folder"
            f" {edge.cache_path!r} under another name, purges do not find NGINX's files.",
            err=True,
        )
    click.echo(nginx.standalone(edge) if standalone else nginx.http(edge), nl=False)
