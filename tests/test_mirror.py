"""Each module has a mirror test, ``tests/<room>/test_<module>.py``, or a row here with the test that covers it."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "mememime_proxy"
PROCESS_HELPERS = ("tests.support.proxy_process", "tests.support.resource_process", "tests.support.child_process")
"""A test that imports one of these runs the whole package in a process of its own."""

COVERED_ELSEWHERE = {
    "imaging/provenance/library.py": "tests/imaging/provenance/test_signing.py",
    "detection/config.py": "tests/settings/groups/test_detection.py",
    "detection/options.py": "tests/imaging/detection/test_areas.py",
    "imaging/detection/detector.py": "tests/imaging/detection/test_areas.py",
    "imaging/detection/nets.py": "tests/imaging/detection/test_net_detector.py",
    "imaging/detection/samples.py": "tests/imaging/detection/test_net_detector.py",
    "imaging/effects/frames.py": "tests/imaging/detection/test_areas.py",
    "imaging/autoquality/search.py": "tests/imaging/steps/test_encoding.py",
    "settings/groups/autoquality.py": "tests/settings/test_settings.py",
    "urls/options/output/autoquality.py": "tests/urls/options/test_table.py",
    "imaging/loading.py": "tests/imaging/test_pipeline.py",
    "formats/info_fields.py": "tests/urls/options/info/test_table.py",
    "imaging/analysis/decoding.py": "tests/imaging/analysis/test_inspection.py",
    "imaging/description/blocks.py": "tests/imaging/description/test_document.py",
    "imaging/description/exif_names.py": "tests/imaging/description/test_document.py",
    "imaging/description/iptc_fields.py": "tests/imaging/description/test_document.py",
    "imaging/description/xmp_properties.py": "tests/imaging/description/test_document.py",
    "urls/options/info/arguments.py": "tests/urls/options/info/test_table.py",
    "asset_facts.py": "tests/imaging/analysis/test_inspection.py",
    "batch/commands.py": "tests/commands/jobs/test_batch.py",
    "batch/inputs/bucket.py": "tests/e2e/test_batch.py",
    "batch/inputs/model.py": "tests/batch/inputs/test_local.py",
    "batch/inputs/opening.py": "tests/batch/inputs/test_local.py",
    "batch/inputs/service.py": "tests/e2e/test_batch.py",
    "batch/model.py": "tests/batch/test_runner.py",
    "batch/originals/opening.py": "tests/batch/originals/test_importing.py",
    "batch/pacing.py": "tests/e2e/test_batch.py",
    "batch/parts.py": "tests/e2e/test_batch.py",
    "batch/rendering/checks.py": "tests/commands/jobs/test_batch.py",
    "batch/rendering/handler.py": "tests/e2e/test_batch.py",
    "batch/rendering/prefix.py": "tests/e2e/test_batch.py",
    "batch/rendering/recoding.py": "tests/e2e/test_batch.py",
    "batch/run.py": "tests/e2e/test_batch.py",
    "batch/totals.py": "tests/batch/test_progress.py",
    "batch/derivatives/derivative_job.py": "tests/e2e/test_derivatives.py",
    "batch/derivatives/loudness_job.py": "tests/e2e/test_derivatives.py",
    "batch/engines/chunk_job.py": "tests/e2e/test_batch_queue.py",
    "batch/engines/queue.py": "tests/e2e/test_batch_queue.py",
    "batch/metrics.py": "tests/test_metrics.py",
    "batch/queue_run.py": "tests/e2e/test_batch_queue.py",
    "batch/worker.py": "tests/e2e/test_batch_queue.py",
    "commands/jobs/batch_jobs.py": "tests/e2e/test_batch_queue.py",
    "resources/routes/catalogue/derivatives.py": "tests/e2e/test_derivatives.py",
    "resources/assets/prerendering.py": "tests/e2e/test_batch_queue.py",
    "av/allowlist.py": "tests/av/test_engine.py",
    "av/film_facts.py": "tests/av/test_facts.py",
    "av/films.py": "tests/av/test_moments.py",
    "av/streams/copied_track.py": "tests/av/streams/test_members.py",
    "av/streams/film_stream.py": "tests/av/streams/test_members.py",
    "av/streams/outline.py": "tests/av/streams/test_members.py",
    "cdn/config.py": "tests/cdn/test_nginx.py",
    "client/catalogue/aliases.py": "tests/commands/client/test_alias.py",
    "client/catalogue/assets.py": "tests/commands/client/test_assets.py",
    "client/catalogue/credentials.py": "tests/commands/credentials/test_keys.py",
    "client/errors.py": "tests/client/test_uploader.py",
    "client/inputs/alias_choice.py": "tests/client/test_bulk.py",
    "client/inputs/batches.py": "tests/client/test_bulk.py",
    "client/inputs/bucket.py": "tests/e2e/test_bulk.py",
    "client/inputs/name_filter.py": "tests/client/inputs/test_scan.py",
    "client/inputs/origins.py": "tests/commands/client/test_upload.py",
    "client/pipeline.py": "tests/client/test_bulk.py",
    "client/results.py": "tests/client/test_progress.py",
    "client/tasks.py": "tests/client/test_bulk.py",
    "client/transfer/batch.py": "tests/client/test_bulk.py",
    "client/transfer/meter.py": "tests/client/test_uploader.py",
    "client/transfer/presigned.py": "tests/client/test_uploader.py",
    "client/transfer/tus.py": "tests/client/test_uploader.py",
    "commands/client/options.py": "tests/commands/client/test_upload.py",
    "commands/client/service.py": "tests/commands/client/test_alias.py",
    "commands/client/verify.py": "tests/commands/client/test_upload.py",
    "commands/credentials/key_rings.py": "tests/commands/credentials/test_keys.py",
    "commands/credentials/lifetimes.py": "tests/commands/credentials/test_keys.py",
    "commands/film_examples.py": "tests/e2e/test_demo.py",
    "commands/demo.py": "tests/e2e/test_demo.py",
    "commands/doctor.py": "tests/doctor/test_examination.py",
    "commands/formats.py": "tests/e2e/test_operation.py",
    "commands/database/migrate.py": "tests/commands/database/test_reconcile.py",
    "commands/jobs/batch_options.py": "tests/commands/jobs/test_batch.py",
    "commands/jobs/originals.py": "tests/e2e/test_batch_originals.py",
    "commands/nginx_config.py": "tests/e2e/test_cdn.py",
    "commands/proxy.py": "tests/e2e/test_operation.py",
    "commands/resources.py": "tests/e2e/test_crashes.py",
    "commands/serve.py": "tests/e2e/test_serve.py",
    "commands/jobs/work.py": "tests/e2e/test_jobs.py",
    "jobs/counting.py": "tests/jobs/test_claims.py",
    "jobs/document.py": "tests/e2e/test_jobs.py",
    "jobs/kinds.py": "tests/jobs/test_worker.py",
    "jobs/metrics.py": "tests/jobs/test_webhooks.py",
    "jobs/model.py": "tests/jobs/test_claims.py",
    "jobs/queue.py": "tests/jobs/test_worker.py",
    "jobs/recovery.py": "tests/jobs/test_worker.py",
    "jobs/schema.py": "tests/jobs/test_repository.py",
    "jobs/states.py": "tests/jobs/test_claims.py",
    "resources/aliases/purge_job.py": "tests/e2e/test_jobs.py",
    "resources/database/replication.py": "tests/e2e/test_read_replica.py",
    "sources/resources/purges.py": "tests/proxy/cache/test_purge_feed.py",
    "sources/resources/session.py": "tests/sources/resources/test_alias_client.py",
    "resources/job_worker.py": "tests/e2e/test_jobs.py",
    "resources/routes/job_events.py": "tests/e2e/test_jobs.py",
    "resources/routes/jobs.py": "tests/e2e/test_jobs.py",
    "sources/http/session.py": "tests/sources/http/test_client.py",
    "av/sound/filters.py": "tests/av/sound/test_effects.py",
    "av/sound/frames.py": "tests/av/sound/test_reader.py",
    "av/sound/drawing/palette_png.py": "tests/av/sound/drawing/test_waveform_picture.py",
    "cost.py": "tests/workers/test_pool.py",
    "contrib/assets_client.py": "tests/contrib/test_django.py",
    "contrib/image_site.py": "tests/contrib/test_jinja.py",
    "contrib/flask.py": "tests/contrib/test_jinja.py",
    "contrib/fastapi.py": "tests/contrib/test_jinja.py",
    "contrib/django/apps.py": "tests/contrib/test_django.py",
    "contrib/django/storage.py": "tests/contrib/test_django.py",
    "contrib/django/widgets.py": "tests/contrib/test_django.py",
    "contrib/django/templatetags/mememime.py": "tests/contrib/test_django.py",
    "doctor/address_checks.py": "tests/doctor/test_examination.py",
    "doctor/findings.py": "tests/doctor/test_examination.py",
    "doctor/nginx_checks.py": "tests/doctor/test_examination.py",
    "doctor/resource_checks.py": "tests/doctor/test_examination.py",
    "doctor/service_checks.py": "tests/doctor/test_examination.py",
    "doctor/settings_checks.py": "tests/doctor/test_examination.py",
    "errors/base.py": "tests/test_errors.py",
    "errors/image.py": "tests/test_errors.py",
    "errors/reference.py": "tests/test_errors.py",
    "errors/request.py": "tests/test_errors.py",
    "errors/resource.py": "tests/test_errors.py",
    "errors/service.py": "tests/test_errors.py",
    "errors/source.py": "tests/test_errors.py",
    "errors/batch.py": "tests/test_errors.py",
    "errors/storage.py": "tests/test_errors.py",
    "explain/answers.py": "tests/commands/urls/test_explain.py",
    "explain/model.py": "tests/explain/test_explanation.py",
    "explain/options.py": "tests/explain/test_explanation.py",
    "explain/results.py": "tests/explain/test_explanation.py",
    "explain/signature.py": "tests/explain/test_explanation.py",
    "explain/signed_paths.py": "tests/explain/test_explanation.py",
    "explain/sources.py": "tests/explain/test_explanation.py",
    "explain/target.py": "tests/explain/test_explanation.py",
    "imaging/codecs/external_decoders.py": "tests/imaging/codecs/test_load.py",
    "imaging/cost/decoders.py": "tests/imaging/cost/test_work.py",
    "imaging/cost/encoders.py": "tests/imaging/cost/test_work.py",
    "imaging/cost/operations.py": "tests/imaging/cost/test_work.py",
    "imaging/damage/bmp.py": "tests/imaging/test_damage.py",
    "imaging/damage/heif.py": "tests/imaging/damage/test_verification.py",
    "imaging/damage/ico.py": "tests/imaging/test_damage.py",
    "imaging/damage/jpeg.py": "tests/imaging/damage/test_verification.py",
    "imaging/damage/model.py": "tests/imaging/damage/test_png.py",
    "imaging/damage/repair.py": "tests/imaging/test_damage.py",
    "imaging/damage/tiff.py": "tests/imaging/damage/test_verification.py",
    "imaging/codecs/libjxl_abi.py": "tests/imaging/codecs/test_libjxl.py",
    "av/moving/clip.py": "tests/av/moving/test_transcode.py",
    "av/moving/color.py": "tests/av/moving/test_filters.py",
    "av/moving/layout.py": "tests/av/moving/test_filters.py",
    "av/moving/stack_file.py": "tests/av/moving/test_results.py",
    "av/moving/tone_mapping.py": "tests/av/moving/test_filters.py",
    "formats/frame_stack.py": "tests/av/moving/test_animation.py",
    "geometry/watermark.py": "tests/imaging/steps/test_watermark.py",
    "imaging/codecs/frames/stack.py": "tests/av/moving/test_animation.py",
    "imaging/image_fields.py": "tests/imaging/test_animation.py",
    "color/encoding.py": "tests/imaging/color/test_icc.py",
    "color/highlights.py": "tests/imaging/color/test_tone_mapping.py",
    "color/light.py": "tests/imaging/color/test_tone_mapping.py",
    "color/matrices.py": "tests/imaging/color/test_icc.py",
    "imaging/gate/boxes/bmff.py": "tests/imaging/gate/test_heif.py",
    "imaging/gate/svg/allowlist.py": "tests/imaging/gate/svg/test_sanitiser.py",
    "imaging/gate/svg/budget.py": "tests/imaging/gate/svg/test_data_uri.py",
    "imaging/gate/svg/css_values.py": "tests/imaging/gate/svg/test_style_sheets.py",
    "imaging/gate/svg/document.py": "tests/imaging/gate/test_drawing.py",
    "imaging/gate/svg/prolog.py": "tests/imaging/gate/test_drawing.py",
    "imaging/gate/svg/size.py": "tests/imaging/gate/test_drawing.py",
    "imaging/codecs/bmp/colors.py": "tests/imaging/codecs/bmp/test_rows.py",
    "imaging/gate/jxl/bits.py": "tests/imaging/gate/jxl/test_header.py",
    "imaging/gate/svg_cost/filters.py": "tests/imaging/gate/svg_cost/test_estimate.py",
    "imaging/gate/svg/pictures.py": "tests/imaging/gate/svg_cost/test_estimate.py",
    "imaging/gate/svg_cost/scopes.py": "tests/imaging/gate/svg_cost/test_estimate.py",
    "imaging/gate/svg_cost/shapes.py": "tests/imaging/gate/svg_cost/test_estimate.py",
    "imaging/gate/svg_cost/style.py": "tests/imaging/gate/svg_cost/test_estimate.py",
    "imaging/gate/svg_cost/styles.py": "tests/imaging/gate/svg_cost/test_estimate.py",
    "imaging/gate/svg_cost/texts.py": "tests/imaging/gate/svg_cost/test_estimate.py",
    "imaging/gate/svg_cost/transforms.py": "tests/imaging/gate/svg_cost/test_estimate.py",
    "imaging/gate/drawing_work.py": "tests/imaging/gate/svg_cost/test_estimate.py",
    "imaging/orientation.py": "tests/imaging/test_pipeline.py",
    "imaging/picture.py": "tests/imaging/test_pipeline.py",
    "imaging/privacy/boxes.py": "tests/imaging/privacy/test_original.py",
    "imaging/privacy/chunks.py": "tests/imaging/privacy/test_original.py",
    "imaging/privacy/exif.py": "tests/imaging/privacy/test_original.py",
    "imaging/privacy/iptc.py": "tests/imaging/privacy/test_original.py",
    "imaging/privacy/jpeg.py": "tests/imaging/privacy/test_original.py",
    "imaging/privacy/xmp.py": "tests/imaging/privacy/test_original.py",
    "imaging/results.py": "tests/imaging/test_pipeline.py",
    "imaging/cost/steps.py": "tests/imaging/cost/test_estimate.py",
    "imaging/steps/vector.py": "tests/imaging/steps/test_scale_on_load.py",
    "plan.py": "tests/imaging/test_pipeline.py",
    "formats/effects_plan.py": "tests/urls/options/test_table.py",
    "urls/options/effects/options.py": "tests/urls/options/test_table.py",
    "urls/options/effects/arguments.py": "tests/urls/options/test_table.py",
    "urls/building/fluent_effects.py": "tests/urls/building/test_builder.py",
    "urls/options/effects/shape.py": "tests/urls/options/test_table.py",
    "urls/options/effects/watermark.py": "tests/urls/options/test_table.py",
    "formats/output_rules.py": "tests/imaging/codecs/test_selection.py",
    "formats/media_plan.py": "tests/urls/options/test_table.py",
    "formats/film_still.py": "tests/av/test_moments.py",
    "formats/film_config.py": "tests/av/encoding/test_admission.py",
    "urls/draft.py": "tests/urls/test_chains.py",
    "formats/output_plan.py": "tests/urls/options/test_table.py",
    "urls/building/fluent_output.py": "tests/urls/building/test_builder.py",
    "settings/groups/service.py": "tests/settings/test_settings.py",
    "urls/options/output/saving.py": "tests/urls/options/test_table.py",
    "urls/options/output/arguments.py": "tests/urls/options/test_table.py",
    "urls/options/output/caching.py": "tests/urls/options/test_table.py",
    "color/profile_files.py": "tests/imaging/color/test_named_profiles.py",
    "urls/options/output/pages.py": "tests/urls/options/test_table.py",
    "urls/options/media.py": "tests/urls/options/test_table.py",
    "urls/options/media_arguments.py": "tests/urls/options/test_table.py",
    "urls/building/media_markup.py": "tests/urls/building/test_media_urls.py",
    "urls/building/fluent_media.py": "tests/urls/building/test_builder.py",
    "settings/derived.py": "tests/settings/test_settings.py",
    "settings/fields.py": "tests/settings/test_reloading.py",
    "proxy/http/internal/status.py": "tests/resources/routes/operation/test_status.py",
    "client/transfer/response.py": "tests/client/transfer/test_session.py",
    "service/sign_request.py": "tests/proxy/http/internal/test_signing_routes.py",
    "proxy/http/internal/signed_bodies.py": "tests/proxy/http/internal/test_signing_routes.py",
    "proxy/app.py": "tests/e2e/test_operation.py",
    "proxy/http/exchange.py": "tests/e2e/test_pictures.py",
    "proxy/http/pages.py": "tests/e2e/test_operation.py",
    "proxy/http/passthrough.py": "tests/e2e/test_streams.py",
    "proxy/http/purge_routes.py": "tests/e2e/test_purges.py",
    "proxy/model.py": "tests/proxy/variants/test_provider.py",
    "proxy/telemetry/metrics.py": "tests/test_metrics.py",
    "proxy/variants/self_test.py": "tests/e2e/test_operation.py",
    "resources/aliases/creation.py": "tests/resources/routes/test_uploads_batch.py",
    "resources/aliases/model.py": "tests/resources/aliases/test_service.py",
    "resources/parts.py": "tests/batch/originals/test_importing.py",
    "resources/app.py": "tests/resources/test_ways_in.py",
    "resources/assets/batch_publication.py": "tests/resources/routes/test_uploads_batch.py",
    "console/option_documents.py": "tests/commands/urls/test_options.py",
    "console/pages.py": "tests/console/test_static_files.py",
    "resources/aliases/proxy_client.py": "tests/resources/routes/console/test_sessions.py",
    "resources/http/session_access.py": "tests/resources/routes/console/test_sessions.py",
    "resources/routes/console/pages.py": "tests/resources/routes/console/test_sessions.py",
    "resources/routes/console/signing.py": "tests/resources/routes/console/test_sessions.py",
    "resources/aliases/changes.py": "tests/resources/routes/catalogue/test_alias_changes.py",
    "resources/aliases/tags.py": "tests/resources/routes/catalogue/test_alias_changes.py",
    "resources/assets/filters.py": "tests/resources/assets/test_catalogue.py",
    "resources/assets/lifted.py": "tests/resources/assets/test_facts.py",
    "resources/assets/model.py": "tests/resources/assets/test_removal.py",
    "resources/assets/publication.py": "tests/resources/uploads/test_lease.py",
    "resources/assets/repository.py": "tests/resources/test_ways_in.py",
    "resources/auth/api_keys.py": "tests/resources/auth/test_authenticator.py",
    "resources/auth/principal.py": "tests/resources/auth/test_authenticator.py",
    "resources/auth/quotas.py": "tests/resources/auth/test_authenticator.py",
    "resources/auth/rate_limit.py": "tests/resources/auth/test_authenticator.py",
    "resources/auth/upload_tokens.py": "tests/resources/auth/test_authenticator.py",
    "resources/context.py": "tests/resources/test_ways_in.py",
    "resources/database/inspection.py": "tests/doctor/test_examination.py",
    "resources/database/schema.py": "tests/resources/database/test_engine.py",
    "resources/database/states.py": "tests/resources/database/test_old_state.py",
    "resources/http/cors.py": "tests/resources/routes/test_uploads_tus.py",
    "resources/http/dispatcher.py": "tests/resources/test_ways_in.py",
    "resources/http/endpoint.py": "tests/resources/test_ways_in.py",
    "resources/maintenance/background.py": "tests/resources/maintenance/test_backlog.py",
    "resources/maintenance/differences.py": "tests/resources/maintenance/test_reconcile.py",
    "resources/maintenance/upload_cleanup.py": "tests/resources/maintenance/test_janitor.py",
    "resources/metrics.py": "tests/test_metrics.py",
    "resources/routes/asset_content.py": "tests/resources/test_ways_in.py",
    "resources/routes/auth.py": "tests/resources/test_ways_in.py",
    "resources/routes/system.py": "tests/resources/test_ways_in.py",
    "resources/routes/tus_responses.py": "tests/resources/routes/test_uploads_tus.py",
    "resources/routes/uploads.py": "tests/resources/test_ways_in.py",
    "resources/routes/uploads_form.py": "tests/resources/test_ways_in.py",
    "resources/routes/uploads_import.py": "tests/resources/test_ways_in.py",
    "resources/routes/uploads_presigned.py": "tests/resources/uploads/test_presigned.py",
    "resources/times.py": "tests/resources/auth/test_authenticator.py",
    "resources/uploads/batch.py": "tests/resources/routes/test_uploads_batch.py",
    "resources/uploads/ingest.py": "tests/resources/uploads/test_finalizer.py",
    "resources/uploads/model.py": "tests/resources/uploads/test_repository.py",
    "resources/uploads/web_import.py": "tests/resources/http/test_openapi.py",
    "proxy/generation.py": "tests/e2e/test_reload.py",
    "service/health.py": "tests/commands/test_health.py",
    "service/development/supervisor.py": "tests/e2e/test_serve.py",
    "settings/contradictions.py": "tests/settings/test_settings.py",
    "settings/cpus.py": "tests/settings/test_settings.py",
    "commands/credentials/token_contents.py": "tests/commands/credentials/test_tokens.py",
    "settings/environment.py": "tests/settings/test_settings.py",
    "sources/config.py": "tests/sources/test_object_storage.py",
    "storage/asset_keys.py": "tests/resources/maintenance/test_reconcile.py",
    "storage/config.py": "tests/storage/test_registry.py",
    "storage/local/atomic_writes.py": "tests/storage/local/test_folder.py",
    "storage/local/openat2.py": "tests/storage/local/test_folder.py",
    "storage/local/walk.py": "tests/storage/local/test_folder.py",
    "storage/obstore/body.py": "tests/storage/obstore/test_bucket.py",
    "storage/prefixed.py": "tests/storage/test_contract.py",
    "storage/protocol.py": "tests/storage/test_contract.py",
    "storage/resilience/stats.py": "tests/storage/resilience/test_attempts.py",
    "storage/s3/body.py": "tests/storage/s3/test_direct_client.py",
    "storage/s3/operations.py": "tests/storage/s3/test_bucket.py",
    "storage/s3/presigner.py": "tests/resources/uploads/test_presigned.py",
    "storage/s3/upload.py": "tests/storage/s3/test_bucket.py",
    "urls/building/fluent.py": "tests/urls/building/test_builder.py",
    "urls/building/responsive_markup.py": "tests/urls/building/test_builder.py",
    "urls/config.py": "tests/urls/test_parser.py",
    "urls/options/area.py": "tests/urls/options/test_table.py",
    "urls/options/argument_groups.py": "tests/urls/options/test_table.py",
    "urls/options/delivery.py": "tests/urls/options/test_table.py",
    "urls/options/film.py": "tests/urls/options/test_table.py",
    "urls/options/interpreter.py": "tests/urls/options/test_table.py",
    "urls/options/pixels.py": "tests/urls/options/test_table.py",
    "urls/options/size.py": "tests/urls/options/test_table.py",
    "urls/source/base64url.py": "tests/urls/source/test_source.py",
    "variant.py": "tests/workers/test_wire.py",
    "workers/child/fault_injection.py": "tests/workers/test_pool.py",
    "workers/child/probe.py": "tests/workers/sandbox/test_confine.py",
    "workers/child/memory.py": "tests/workers/child/test_limits.py",
    "workers/child/worker.py": "tests/workers/test_pool.py",
    "workers/child/zygote.py": "tests/workers/test_lifetime.py",
    "workers/config.py": "tests/workers/test_pool.py",
    "workers/dispatcher.py": "tests/workers/test_admission.py",
    "workers/parent/worker_process.py": "tests/workers/test_worker_set.py",
    "workers/collector.py": "tests/e2e/test_sandbox.py",
    "workers/sandbox/landlock.py": "tests/workers/sandbox/test_confine.py",
    "workers/scheduling/flow.py": "tests/workers/scheduling/test_fair_queue.py",
    "workers/scheduling/standing_queue.py": "tests/workers/scheduling/test_scheduler.py",
    "workers/scheduling/ticket.py": "tests/workers/scheduling/test_scheduler.py",
    "workers/stats.py": "tests/workers/test_pool.py",
}  # fmt: skip
"""Modules without a mirror test, and the test that covers each: it imports the module, directly or through what it
imports, or runs it in a process."""


def modules() -> list[str]:
    """Return the modules that need a test, as paths below the package."""
    paths = (path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py"))
    return sorted(
        path.as_posix()
        for path in paths
        if path.name not in {"__init__.py", "__main__.py"} and "migrations" not in path.parts
    )


def mirror(module: str) -> str:
    """Return where the mirror test of a module is."""
    path = Path("tests", module)
    return path.with_name(f"test_{path.name}").as_posix()


@cache
def imports(path: Path) -> frozenset[str]:
    """Return the dotted names that a file imports, inside functions, too, or names in a text to import or run later."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        match node:
            case ast.Import():
                names |= {alias.name for alias in node.names}
            case ast.ImportFrom(module=str(module)):
                names |= {module} | {f"{module}.{alias.name}" for alias in node.names}
            case ast.Constant(value=str(text)) if text.startswith("mememime_proxy."):
                names.add(text.partition(":")[0])
    return frozenset(names)


@cache
def reached(path: Path) -> frozenset[Path]:
    """Return the files of the repository that a file imports, directly or through others."""
    found: set[Path] = set()
    pending = [path]
    while pending:
        for name in imports(pending.pop()):
            base = ROOT / name.replace(".", "/")
            for file in (base.with_suffix(".py"), base / "__init__.py"):
                if file.is_file() and file not in found:
                    found.add(file)
                    pending.append(file)
    return frozenset(found)


def covers(test: Path, module: str) -> bool:
    """Tell whether a test or its conftest imports a module, directly or through others, or runs it in a process."""
    conftests = (folder / "conftest.py" for folder in test.parents if folder.is_relative_to(ROOT / "tests"))
    files = reached(test).union(*(reached(path) for path in conftests if path.exists()))
    helpers = {ROOT / (name.replace(".", "/") + ".py") for name in PROCESS_HELPERS}
    return PACKAGE / module in files or bool(helpers & files)


def test_module_has_a_mirror_test_or_a_row():
    missing = [module for module in modules() if not (ROOT / mirror(module)).exists()]
    assert sorted(set(missing) - set(COVERED_ELSEWHERE)) == []


def test_row_is_needed():
    needed = {module for module in modules() if not (ROOT / mirror(module)).exists()}
    assert sorted(set(COVERED_ELSEWHERE) - needed) == []


def test_row_names_a_test_that_covers_the_module():
    for module, test in COVERED_ELSEWHERE.items():
        assert (ROOT / test).is_file(), test
        assert covers(ROOT / test, module), f"{test} does not reach {module}"
