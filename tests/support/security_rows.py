"""Threats to the proxy, row by row, with the tests that prove what happens and what was measured.

``python -m tests.support.security_rows`` (``make docs``) writes the table of docs/security.md.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "security.md"
_MARK = "<!-- Written by `make docs` from tests/support/security_rows.py. -->\n"


@dataclass(frozen=True)
class Row:
    """A threat, the tests that show what comes of it, and figures that no test asserts."""

    id: str
    threat: str
    outcome: str
    """What a client and an operator see."""
    tests: tuple[str, ...] = ()
    """``path::name`` below tests/."""
    figure: str = ""
    """Measured, with the command."""
    not_run: str = ""


GROUPS: dict[str, str] = {
    "A": "Signature and URL",
    "B": "Sources: server-side request forgery",
    "C": "Hostile pictures",
    "D": "Responses and caches",
    "E": "Overload",
    "F": "Isolation and lifecycle",
    "H": "Pictures that cost more than they weigh",
    "I": "Supply, and what is switched while it runs",
}

_HOSTILE = "hostile/test_files.py::"
_CLIENT = "sources/http/test_client.py::"
_POOL = "workers/test_pool.py::"

ROWS: tuple[Row, ...] = (
    Row("A1", "Random edits of a signed URL", "403; nothing is fetched, no worker is used",
        ("e2e/test_signatures.py::test_edited_signed_urls_are_refused_without_work",
         "urls/test_parser.py::test_parser_edit_of_one_byte_is_refused_or_repaired")),
    Row("A2", "Other spellings of a signature", "403, never a second cache entry",
        ("urls/test_signature.py::test_signature_no_other_spelling_is_accepted",
         "e2e/test_signatures.py::test_picture_has_one_accepted_url")),
    Row("A3", "The signature again within the path", "403",
        ("urls/test_parser.py::test_parser_no_other_spelling_is_accepted",)),
    Row("A4", "One URL with queries, slashes, dots, escapes", "one cache entry, or 403",
        ("e2e/test_signatures.py::test_picture_has_one_accepted_url",
         "e2e/test_signatures.py::test_query_is_not_part_of_the_signed_url")),
    Row("A5", "No key, short keys, short signatures", "no start; a warning by name, and `doctor` fails",
        ("urls/test_parser.py::test_parser_no_keys_and_no_unsigned_urls_is_refused",
         "e2e/test_operation.py::test_a5_weak_settings_of_imgproxy_start_and_are_warned_of_by_their_names",
         "doctor/test_examination.py::test_a5_weak_keys_are_faults_by_the_names_as_they_were_set")),
    Row("A6", "Keys are exchanged under load", "no request fails",
        ("e2e/test_operations.py::test_rotation_of_url_keys_refuses_no_request",
         "e2e/test_reload.py::test_proxy_under_load_takes_new_keys_presets_and_watermark_and_loses_no_request")),
    Row("A7", "URLs of a megabyte, thousands of options, absurd numbers", "4xx in linear time",
        ("urls/test_parser.py::test_parser_hostile_urls_are_client_errors",
         "urls/test_parser.py::test_parser_wildcards_on_long_source_end_quickly",
         "urls/source/test_wildcard.py::test_wildcard_many_stars_do_not_backtrack")),
    Row("A8", "Any text as a URL", "a plan or an error of ours; equal text, equal plan",
        ("urls/test_parser.py::test_parser_any_text_gives_a_plan_or_a_mememime_error",
         "urls/test_parser.py::test_parser_text_like_options_gives_an_equal_plan_twice")),
    Row("A9", "A URL with `expires`, from NGINX's cache", "gone to the second",
        ("e2e/test_cdn.py::test_url_with_expires_is_gone_to_the_second",)),
    Row("B1", "Addresses that are not public, in every form", "404, no connection",
        ("sources/http/test_address_guard.py::test_guard_by_default_refuses_all_but_public_addresses",
         "sources/http/test_address_guard.py::test_guard_refuses_refused_addresses_in_ipv6_forms",
         _CLIENT + "test_fetch_of_this_machine_is_forbidden")),
    Row("B2", "Names with such an address among their answers", "404",
        (_CLIENT + "test_host_with_one_refused_address_is_forbidden",
         "sources/http/test_resolver.py::test_resolver_with_one_refused_address_raises")),
    Row("B3", "A name that changes its address (rebinding)", "checked at the socket, for each connection",
        (_CLIENT + "test_host_with_changing_addresses_is_checked_at_the_socket",
         "sources/http/test_resolver.py::test_socket_for_a_refused_address_is_not_created")),
    Row("B4", "Redirects to elsewhere", "each hop is checked as the first one; at most `MEMEMIME_MAX_REDIRECTS`",
        (_CLIENT + "test_redirect_is_checked_like_the_first_url", _CLIENT + "test_redirects_above_the_limit_raise",
         _CLIENT + "test_redirect_loop_raises", _CLIENT + "test_redirect_outside_the_allowed_sources_is_forbidden")),
    Row("B5", "Decimal, octal, short and full-width hosts", "404",
        ("sources/http/test_url.py::test_parse_of_a_dangerous_url_is_forbidden",)),
    Row("B6", "User information, prefixes, zones, homographs", "404",
        ("sources/http/test_url.py::test_parse_of_a_dangerous_url_is_forbidden",
         "urls/source/test_wildcard.py::test_wildcard_strict_host_other_url_is_refused")),
    Row("B7", "A connection that stays open, asked for another host", "never used for it",
        (_CLIENT + "test_connection_is_reused_for_its_own_host_only",
         _CLIENT + "test_certificate_of_another_host_is_refused")),
    Row("B8", "`HTTP_PROXY` in the environment", "ignored",
        (_CLIENT + "test_fetch_ignores_proxies_of_the_environment",)),
    Row("B9", "Endless headers, interim responses, chunks, compressed bombs", "an error of the source, in bounded memory",
        ("sources/http/test_connection.py::test_flood_of_interim_responses_or_chunks_is_stopped_early",
         "sources/http/test_content_coding.py::test_inflate_of_a_bomb_yields_bounded_chunks",
         _CLIENT + "test_fetch_from_a_misbehaving_server_raises")),
    Row("B10", "Drawings that refer to files and addresses", "nothing is loaded or drawn",
        ("imaging/gate/svg/test_sanitiser.py::test_sanitiser_nothing_outside_is_drawn",
         "e2e/test_svg.py::test_i9_sanitised_drawings_ask_a_browser_for_nothing")),
    Row("C1", "Gigapixels in a few bytes, headers that lie", "422", (_HOSTILE + "test_c1_headers_that_claim_too_much",)),
    Row("C2", "Texts and profiles that inflate; floods of chunks", "the picture without them, or 422",
        (_HOSTILE + "test_c2_texts_that_inflate",)),
    Row("C3", "JPEG of many scans, tables and markers", "422 beyond a hundred scans",
        (_HOSTILE + "test_c3_jpeg_of_many_scans_and_tables",
         "imaging/gate/test_jpeg.py::test_jpeg_more_scans_are_refused")),
    Row("C4", "WebP of 16,383² and AVIF of 8,192² pixels in a few kilobytes", "422",
        (_HOSTILE + "test_c4_webp_and_avif_of_the_largest_size",)),
    Row("C5", "Large pictures of which a decoder holds everything", "within the memory budget, or refused",
        (_HOSTILE + "test_c5_coefficients_of_a_whole_picture",
         "e2e/test_memory.py::test_c5_processes_have_no_more_than_the_budget_whatever_comes_at_once",
         "test_memory_budget.py::test_c5_originals_and_results_leave_to_renders_what_the_largest_one_needs")),
    Row("C6", "Thousands of frames", "the first ones, or 422", (_HOSTILE + "test_c6_many_frames",)),
    Row("C7", "Drawings of many or nested elements, entities, compressed", "rendered within its bar, or 422",
        (_HOSTILE + "test_c7_drawings_of_many_elements",)),
    Row("C8", "Corpora of decoders' tests", "no crash of the service, no hang", (),
        "6,276 files of crash corpora: no crash of the service, no 500; the files are not part of the repository"),
    Row("C9", "Mutated files", "as C8", ("imaging/test_damage.py::test_renderer_signature_with_random_bytes_has_a_known_outcome",),
        "14,296 mutations: no crash of the service, no 500"),
    Row("C10", "Every truncation of a valid file", "422 or what can be decoded, never memory that nobody wrote",
        ("imaging/test_damage.py::test_c10_truncated_originals_show_no_uninitialised_memory",),
        "`python -m tests.support.damage_trials`, in `make trials`: every truncation of each sample, in two processes"),
    Row("C11", "An encoder that takes longer than the deadline", "refused where that is known before; else 503, the worker is gone",
        (_POOL + "test_pool_deadline_kills_the_process_in_any_state",
         "workers/child/test_operations.py::test_operations_call_that_lasts_ends_at_the_deadline",
         "workers/child/test_operations.py::test_operations_encoder_that_cannot_end_in_time_is_not_begun")),
    Row("C12", "A client that leaves during a render", "the worker is free, unless others wait",
        ("e2e/test_resilience.py::test_client_that_disconnects_frees_its_worker",)),
    Row("C13", "Absurd options", "4xx, or a clamped plan", ("urls/test_parser.py::test_parser_hostile_urls_are_client_errors",
        "imaging/steps/test_filters.py::test_filters_absurd_strengths_do_not_fail",
        "imaging/steps/test_filters.py::test_h11_the_strongest_blur_of_any_shape_is_of_its_size")),
    Row("C14", "Polyglots, wrong extensions and types", "the type by magic; what is behind a picture does not survive",
        ("formats/test_sniff.py::test_sniff_signatures",
         "imaging/privacy/test_original.py::test_further_pictures_of_a_jpeg_are_cleaned_and_what_is_behind_them_goes")),
    Row("C15", "Private metadata", "none in a result",
        ("imaging/test_pipeline.py::test_pipeline_metadata_is_stripped_by_option",
         "imaging/privacy/test_original.py::test_original_cut_anywhere_gives_away_nothing")),
    Row("C16", "Colour profiles that are large, cyclic or of another space", "ignored or converted",
        ("imaging/test_hostile_profiles.py::test_c16_profile_is_applied_or_left_out", _HOSTILE + "test_c16_colour_profiles"),
        "at most 50 to 90 ms of CPU for profiles of 4 MB: `python -m tests.imaging.test_hostile_profiles`"),
    Row("C17", "Bytes of another request in a fresh picture", "none",
        ("workers/child/test_heap.py::test_c17_colour_of_one_picture_is_in_no_malformed_other_one",),
        "`python -m tests.support.heap_trials --runs 1000` (`make trials`)"),
    Row("C18", "Formats and loaders that nobody enabled", "422; no program is run, no file is opened",
        (_HOSTILE + "test_c18_tiff_of_many_parts", "workers/sandbox/test_seccomp.py::test_no_file_is_opened_for_writing")),
    Row("C19", "Films: texts that name other files or the network, indexes that claim too much, frames of 67 to 256 megapixels, "
        "compressed, cyclic, deep, truncated and changed ones",
        "a frame, or 422; no packet is sent, no other file is read, a crash costs its request",
        ("hostile/films/test_films.py::test_film_stays_within_its_bars",
         "hostile/films/test_films.py::test_text_that_was_taken_for_a_film_leads_nowhere",
         "hostile/films/test_films.py::test_changed_film_is_refused_or_shows_a_frame",
         "hostile/films/test_films.py::test_film_truncated_at_each_twentieth_is_refused_or_shows_a_frame",
         "av/test_opening.py::test_h1_film_whose_data_are_in_another_file_reads_no_other_file",
         "av/gate/test_boxes.py::test_as_many_edits_as_are_allowed_pass_and_one_more_does_not"),
        "`python -m tests.hostile.films.trials` (`make trials`): 1,000 changes of ten films"),
    Row("C20", "PDF: pages of any size, 100,000 objects, deep nesting, scripts, contents that inflate, forms within forms, patterns "
        "of tiny tiles", "rendered within its bar, or 422; no script is run",
        (_HOSTILE + "test_c20_documents", "imaging/pdf/test_document.py::test_page_of_any_size_within_the_limit_of_pixels",
         "imaging/pdf/test_document.py::test_scripts_and_cycles_do_nothing")),
    Row("C21", "PSD: sizes, lengths, resources and layers that claim too much", "rendered within its bar, or 422; layers are not read",
        (_HOSTILE + "test_c21_merged_pictures", "imaging/gate/test_psd.py::test_refused",
         "imaging/gate/test_psd.py::test_resources_are_limited")),
    Row("D1", "Any response", "`nosniff`, a content policy, no public caching of errors",
        ("e2e/test_pictures.py::test_picture_has_its_headers",
         "proxy/http/test_image_response.py::test_serialize_refuses_line_breaks_and_control_characters")),
    Row("D2", "A thousand `Accept` headers", "at most four copies in NGINX",
        ("e2e/test_cdn.py::test_thousand_accept_headers_make_at_most_four_copies",)),
    Row("D3", "Forwarded headers, cookies, ranges, origins", "the same copy",
        ("e2e/test_cdn.py::test_other_headers_make_no_further_copy",)),
    Row("D4", "File names with line breaks, quotes, paths", "one short ASCII line",
        ("proxy/http/test_headers.py::test_d4_content_disposition_is_one_short_ascii_line",
         "proxy/http/test_headers.py::test_d4_raw_disposition_has_a_safe_extension")),
    Row("D5", "Unique URLs without end", "caches stay within their size",
        ("e2e/test_hostile_traffic.py"
         "::test_d5_unique_urls_leave_the_cache_within_its_size_and_its_popular_pictures_in_it",
         "proxy/cache/test_eviction.py::test_evict_removes_the_oldest_records_and_no_other_objects")),
    Row("D6", "A crowd that asks for one cold picture", "one fetch, one render",
        ("e2e/test_cdn.py::test_crowd_on_cold_picture_costs_one_fetch_and_one_render",
         "e2e/test_sharing.py::test_thousand_requests_for_cold_variant_cost_one_fetch_and_one_render",
         "e2e/test_sharing.py::test_render_of_killed_process_is_taken_over"),
        "`python -m tests.support.crowd_trials --clients 10000`: four processes, p99 0.6 s after the first answer"),
    Row("D7", "The same, and the source fails", "one fetch; the error is for those who wait",
        ("e2e/test_hostile_traffic.py::test_d7_crowd_on_a_picture_whose_source_fails_costs_one_fetch",
         "e2e/test_resilience.py::test_error_is_shared_by_waiting_requests_only")),
    Row("D8", "Conditional requests after a change of settings", "no stale 304",
        ("e2e/test_hostile_traffic.py"
         "::test_d8_conditional_request_after_a_change_of_settings_is_answered_with_the_new_picture",
         "proxy/variants/test_keys.py::test_key_of_a_plan_depends_on_the_configuration")),
    Row("D9", "Control characters in requests and file names", "one line of log, escaped, without a signature",
        ("e2e/test_hostile_traffic.py"
         "::test_d9_hostile_requests_are_one_line_of_log_each_without_control_bytes_or_signature",
         "service/test_logs.py::test_d9_control_characters_in_a_traceback_are_escaped_and_its_lines_stay",
         "e2e/test_malformed_requests.py::test_d9_malformed_request_is_one_line_without_traceback_and_without_what_was_sent")),
    Row("E1", "Up to ten times the capacity, in an open loop", "what is admitted is fast, the rest is refused at once",
        ("benchmarks/load/test_overload.py::test_judgement_compares_with_load_08_and_the_capacity",)),
    Row("E2", "A source that sends a byte a second", "its deadline",
        (_CLIENT + "test_stream_of_a_slow_server_ends", "sources/http/test_min_rate.py::test_slow_source_times_out")),
    Row("E3", "Sources that hang, reset, lie about lengths", "502 or 504, no descriptor is left",
        (_CLIENT + "test_fetch_from_a_misbehaving_server_raises",
         _CLIENT + "test_fetch_that_is_cancelled_closes_its_connection")),
    Row("E4", "Clients that send or read slowly", "closed at their own deadline",
        ("service/test_server.py::test_connection_without_a_request_is_closed_at_its_own_deadline",
         "service/test_server.py::test_i12_client_that_takes_nothing_of_a_response_is_dropped_and_a_slow_one_is_not",
         "e2e/test_resilience.py::test_silent_connection_is_closed")),
    Row("E5", "An object storage that refuses one in ten, or is out", "no error; the breaker opens, and closes again",
        ("storage/resilience/test_attempts.py::test_attempts_with_one_in_ten_refused_all_succeed",
         "storage/resilience/test_attempts.py::test_attempts_during_an_outage_stay_within_the_budget",
         "storage/resilience/test_breaker.py::test_breaker_after_the_pause_allows_one_probe")),
    Row("E6", "Look-ups of names that hang", "other sources are not affected",
        ("sources/test_object_storage.py::test_e6_look_ups_that_hang_do_not_hold_up_files_and_objects",
         "sources/http/test_resolver.py::test_resolver_uses_threads_of_its_own",
         "sources/test_registry.py::test_fetch_from_a_hanging_disk_does_not_block_others")),
    Row("E7", "The event loop beside hostile pictures", "never blocked by a picture: decoders are in other processes",
        ("proxy/test_event_loop.py::test_e7_no_callback_of_the_loop_takes_long_beside_hostile_requests",
         _POOL + "test_pool_import_in_the_event_loop_process_loads_no_pixel_code"),
        "`python -m tests.proxy.test_event_loop`: p99.9 of callbacks 12 ms of CPU time on a busy machine"),
    Row("E8", "One source or key at ten times the load of others", "others do not wait for it",
        ("workers/scheduling/test_fair_queue.py::test_fair_queue_hosts_take_turns_whatever_their_number_of_jobs",
         "workers/scheduling/test_fair_queue.py::test_fair_queue_keys_come_before_hosts",
         "workers/scheduling/test_fair_queue.py::test_fair_queue_share_is_of_cost_and_not_of_jobs")),
    Row("E9", "A cold burst after a start", "no more fetches than their limit",
        (_CLIENT + "test_e9_cold_burst_opens_no_more_connections_than_the_limit",)),
    Row("F1", "Workers are killed under load", "their own requests fail",
        ("e2e/test_resilience.py::test_workers_killed_under_load_cost_their_requests_only",
         "workers/test_worker_set.py::test_worker_set_workers_that_are_killed_under_load_cost_no_more_than_their_jobs")),
    Row("F2", "The service is killed", "restarted; nothing is left of it",
        ("e2e/test_serve.py::test_services_are_restarted_until_sigint_stops_both",
         "e2e/test_resilience.py::test_service_killed_leaves_no_process",
         "e2e/test_cdn.py::test_cached_pictures_are_served_while_all_processes_are_down")),
    Row("F3", "A worker that hangs or is stopped", "killed at the deadline",
        (_POOL + "test_pool_deadline_kills_the_process_in_any_state",
         "e2e/test_resilience.py::test_render_over_its_deadline_is_killed")),
    Row("F4", "A picture that crashes workers", "quarantined by its bytes",
        (_POOL + "test_pool_original_that_crashes_twice_is_refused_without_a_worker",)),
    Row("F5", "An attacker with code in a worker", "no file, no network, no other process, no secret",
        ("workers/sandbox/test_confine.py::test_f5_attacker_inside_a_worker_gets_nowhere",
         "workers/sandbox/test_confine.py::test_f5_attacks_are_real_and_succeed_without_the_sandbox",
         "e2e/test_resilience.py::test_workers_have_no_keys")),
    Row("F6", "SIGTERM under load", "requests finish", ("e2e/test_resilience.py::test_stop_lets_requests_finish",)),
    Row("F7", "A rolling restart under load", "no error behind NGINX",
        ("e2e/test_cdn.py::test_rolling_restart_under_load_fails_no_request",)),
    Row("F8", "The memory of a container is used up by one job", "that job ends",
        ("workers/child/test_limits.py::test_limits_memory_past_the_grant_is_refused_and_ends_the_process",
         "workers/test_memory_limits.py::test_f8_limit_of_the_control_group_that_one_job_reaches_ends_that_job_alone")),
    Row("F9", "40 minutes of mixed traffic, one request in a hundred hostile", "memory, descriptors, threads stay level",
        ("benchmarks/load/test_soak.py::test_f9_two_minutes_with_hostile_requests_leave_nothing_behind",)),
    Row("F10", "The clock is changed by an hour", "no request ends, no result expires",
        ("e2e/test_clock.py::test_f10_clock_that_jumps_ends_no_request_and_expires_no_result",)),
    Row("F11", "A cold start", "ready in two seconds; first requests take at most twice the time of warm ones",
        figure="`python -m tests.support.start_trials`"),
    Row("H1", "Large pictures beside small ones", "small ones do not wait for them",
        ("benchmarks/load/test_hostile.py::test_good_requests_beside_attacks_are_all_answered",)),
    Row("H2", "EXIF that refers to itself, in every container", "not read further",
        (_HOSTILE + "test_h2_exif_that_refers_to_itself",
         "imaging/gate/test_exif.py::test_h2_exif_that_costs_too_much_never_reaches_libvips_and_the_picture_stays",
         "imaging/gate/test_tiff.py::test_h2_directories_that_overlap_are_refused",)),
    Row("H3", "PNG texts whose compressed part is hidden", "left out", (_HOSTILE + "test_h3_itxt_that_hides_its_text",
         "imaging/gate/test_png.py::test_h3_international_text_is_found_behind_names_of_any_length",
         "imaging/gate/test_png.py::test_h3_text_hidden_inside_an_icon_is_refused",)),
    Row("H4", "AVIF of many references, properties, extents", "422 in linear time",
        (_HOSTILE + "test_h4_heif_of_many_references",
         "imaging/gate/test_heif.py::test_h4_references_of_all_items_are_bounded",
         "imaging/gate/boxes/test_pictures.py::test_h4_pictures_derived_from_each_other_are_counted_as_often_as_they_are_decoded",)),
    Row("H5", "Sixteen large requests at once", "the memory budget of the service holds",
        ("sources/test_arrivals.py::test_h5_hundred_slow_originals_never_take_more_than_their_share",
         "sources/test_arrivals.py::test_h5_original_that_does_not_fit_is_refused_when_it_has_waited",
         "e2e/test_memory.py::test_c5_processes_have_no_more_than_the_budget_whatever_comes_at_once")),
    Row("H6", "Drawings with filters, embedded pictures, markers, style sheets, dashes, text, masks",
        "their cost is estimated; 422 beyond the limit", (_HOSTILE + "test_h6_drawings_within_the_limits",
         "imaging/gate/svg_cost/test_estimate.py::test_h6_drawing_with_too_much_work_is_refused_at_that_size",)),
    Row("H7", "A picture that hangs, under many URLs", "quarantined by its bytes, as one that crashes",
        ("workers/test_quarantine.py::test_h7_quarantine_original_is_refused_after_two_losses_whatever_its_url",
         "workers/test_quarantine.py::test_quarantine_purge_of_one_of_its_urls_forgives_an_original")),
    Row("H8", "WebP of 20,000 frames", "422", (_HOSTILE + "test_h8_webp_of_many_frames",
         "imaging/gate/test_webp.py::test_h8_no_more_frames_than_the_plan_may_load_reach_a_decoder",)),
    Row("H9", "Four times the load", "see E1", ("benchmarks/load/test_overload.py::test_summary_counts_good_refused_and_wrong_answers",)),
    Row("H10", "Layers of the sandbox that the kernel does not have", "named at the start, by `/health`, metrics and doctor; no start where they are required",
        ("e2e/test_sandbox.py::test_h10_layers_that_are_in_force_are_in_log_health_and_metrics",
         "e2e/test_sandbox.py::test_h10_service_that_requires_the_sandbox_does_not_start_without_and_says_what_it_needs",
         "e2e/test_sandbox.py::test_h10_worker_forked_later_without_a_required_layer_is_not_used")),
    Row("H11", "Weak keys, absurd blurs, run lengths, JPEG XL of 16 bits and of many layers, many clients of one URL",
        "see A5, C13, D9 and F5",
        (_HOSTILE + "test_h11_icons_bitmaps_and_layers", "imaging/gate/jxl/test_frames.py::test_jxl_layers_are_counted",
         "imaging/gate/jxl/test_frames.py::test_jxl_of_too_many_layers_is_refused",
         _HOSTILE + "test_h11_layers_that_the_gate_cannot_count_end_with_the_grant",
         "e2e/test_many_clients.py::test_h11_many_clients_of_one_cold_url_do_not_refuse_others",
         "proxy/http/test_clients.py::test_h11_waiting_is_bounded_for_one_render_and_for_all", "imaging/steps/test_filters.py::test_h11_a_strong_blur_by_a_smaller_copy_looks_the_same",
         "imaging/codecs/bmp/test_runs.py::test_h11_work_grows_no_faster_than_the_codes")),
    Row("H12", "Pixels that were decoded for one tenant, another state of a source, or before a purge", "they reach no other request",
        ("proxy/cache/test_pixels.py::test_h12_pixels_reach_no_request_for_another_state_header_or_configuration",
         "proxy/cache/test_pixels.py::test_h12_pixels_of_a_purged_source_are_dropped_with_those_under_way",
         "proxy/variants/test_families.py::test_h12_file_that_is_not_sealed_is_not_held",
         "imaging/pixels/test_exchange.py::test_h12_gate_refuses_an_original_whose_pixels_are_given")),
    Row("H13", "A stranger asks for thousands of large originals once each", "their pixels replace none that were used; memory stays within the budget",
        ("proxy/cache/test_pixels.py::test_h13_strangers_who_ask_once_for_many_large_originals_replace_nothing_that_was_used",
         "proxy/variants/test_families.py::test_h13_memory_is_within_the_budget_while_strangers_ask_for_many_originals_once")),
    Row("I1", "Libraries that are too old", "a test fails; a warning at the start, a fault for doctor; versions in the metrics",
        ("workers/test_libraries.py::test_i1_installed_libraries_are_known_and_none_is_too_old",
         "workers/test_libraries.py::test_i1_library_that_is_too_old_is_an_event_of_the_pool")),
    Row("I2", "A format is switched off while the services run", "refused within five seconds, in both services",
        ("e2e/test_format_switch.py::test_i2_format_is_refused_within_seconds_of_the_signal_also_while_all_workers_are_busy",
         "e2e/test_format_switch.py::test_i2_resource_service_refuses_uploads_of_a_format_within_seconds_and_takes_them_again")),
)  # fmt: skip


@cache
def functions(path: str) -> frozenset[str]:
    """Return the names of the test functions in a file below tests/."""
    return frozenset(
        re.findall(r"^ *(?:async )?def (test_\w+)", (ROOT / "tests" / path).read_text("utf-8"), re.MULTILINE)
    )


def page(text: str) -> str:
    """Return the page with today's tables in place of those that ``text`` ends with."""
    introduction, mark, _ = text.partition(_MARK)
    lines = []
    for group, title in GROUPS.items():
        lines += [f"### {group} · {title}", "", "| Row | What happens | Outcome | Evidence |", "|---|---|---|---|"]
        lines += [_line(row) for row in ROWS if row.id.rstrip("0123456789") == group]
        lines.append("")
    return introduction + mark + "\n" + "\n".join(lines).rstrip() + "\n"


def _line(row: Row) -> str:
    evidence = [f"`tests/{test}`" for test in row.tests]
    evidence += [row.figure] * bool(row.figure) + [f"not run: {row.not_run}"] * bool(row.not_run)
    return f"| {row.id} | {row.threat} | {row.outcome} | {'<br>'.join(evidence)} |"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text("utf-8")), "utf-8")
