SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
SET default_tablespace = '';
SET default_table_access_method = heap;
CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);
CREATE TABLE public.alias_tags (
    name character varying(1024) NOT NULL COLLATE pg_catalog."C",
    tag character varying(255) NOT NULL
);
CREATE TABLE public.alias_versions (
    name character varying(1024) NOT NULL COLLATE pg_catalog."C",
    version integer NOT NULL,
    action character varying(16) NOT NULL,
    sha256 character varying(64),
    focal_x double precision,
    focal_y double precision,
    preset character varying(255) NOT NULL,
    tags json NOT NULL,
    credential character varying(255) NOT NULL,
    changed bigint NOT NULL
);
CREATE TABLE public.aliases (
    name character varying(1024) NOT NULL COLLATE pg_catalog."C",
    skeleton character varying(1024) NOT NULL,
    tenant character varying(255) NOT NULL,
    state character varying(16) NOT NULL,
    version integer NOT NULL,
    sha256 character varying(64),
    focal_x double precision,
    focal_y double precision,
    preset character varying(255) NOT NULL,
    tags json NOT NULL,
    created bigint NOT NULL,
    changed bigint NOT NULL,
    reusable bigint
);
CREATE TABLE public.api_keys (
    id character varying(32) NOT NULL,
    hash character varying(64) NOT NULL,
    tenant character varying(255) NOT NULL,
    role character varying(16) NOT NULL,
    prefix character varying(255) NOT NULL,
    label character varying(255) NOT NULL,
    created bigint NOT NULL,
    expires bigint,
    revoked bigint
);
CREATE TABLE public.assets (
    sha256 character varying(64) NOT NULL,
    state character varying(16) NOT NULL,
    reason character varying(512) NOT NULL,
    size bigint NOT NULL,
    media_type character varying(64) NOT NULL,
    stored_sha256 character varying(64) NOT NULL,
    stored_size bigint NOT NULL,
    facts json NOT NULL,
    created bigint NOT NULL,
    changed bigint NOT NULL,
    checked bigint,
    deleted bigint
);
CREATE TABLE public.chunks (
    upload character varying(32) NOT NULL,
    start bigint NOT NULL,
    size bigint NOT NULL,
    sha256 character varying(64) NOT NULL,
    object_key character varying(255) NOT NULL
);
CREATE TABLE public.holdings (
    tenant character varying(255) NOT NULL,
    sha256 character varying(64) NOT NULL,
    created bigint NOT NULL
);
CREATE TABLE public.outbox (
    id integer NOT NULL,
    source character varying(1200) NOT NULL,
    attempts integer NOT NULL,
    created bigint NOT NULL,
    due bigint NOT NULL
);
CREATE SEQUENCE public.outbox_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.outbox_id_seq OWNED BY public.outbox.id;
CREATE TABLE public.tenants (
    name character varying(255) NOT NULL,
    max_bytes bigint,
    max_assets bigint,
    requests_per_minute integer,
    created bigint NOT NULL
);
CREATE TABLE public.token_uses (
    token character varying(32) NOT NULL,
    uses integer NOT NULL,
    expires bigint NOT NULL
);
CREATE TABLE public.uploads (
    id character varying(32) NOT NULL,
    tenant character varying(255) NOT NULL,
    credential character varying(255) NOT NULL,
    kind character varying(16) NOT NULL,
    state character varying(16) NOT NULL,
    length bigint,
    received bigint NOT NULL,
    metadata json NOT NULL,
    wanted json NOT NULL,
    parts json NOT NULL,
    external character varying(1024) NOT NULL,
    sha256 character varying(64),
    problem character varying(1024) NOT NULL,
    lease_owner character varying(32),
    lease_until bigint,
    created bigint NOT NULL,
    changed bigint NOT NULL,
    expires bigint NOT NULL
);
ALTER TABLE ONLY public.outbox ALTER COLUMN id SET DEFAULT nextval('public.outbox_id_seq'::regclass);
INSERT INTO public.alembic_version VALUES ('0001');
INSERT INTO public.alias_tags VALUES ('shop/plate', 'blue');
INSERT INTO public.alias_versions VALUES ('shop/cup', 1, 'set', '843d8b49062d604062971f4c363c3a7f8892d3941449f0ae5435cc0b6e52800e', NULL, NULL, '', '[]', 'key:admin', 1795999681563);
INSERT INTO public.alias_versions VALUES ('shop/cup', 2, 'set', '1bb5c5db98b82c6498dcbd13671db51ff8a788271de16eaf1980f4b8be8993c9', NULL, NULL, '', '[]', 'key:admin', 1795999682049);
INSERT INTO public.alias_versions VALUES ('shop/plate', 1, 'set', '843d8b49062d604062971f4c363c3a7f8892d3941449f0ae5435cc0b6e52800e', 0.25, 0.5, 'card', '["blue"]', 'key:admin', 1795999682218);
INSERT INTO public.alias_versions VALUES ('shop/gone', 1, 'set', '843d8b49062d604062971f4c363c3a7f8892d3941449f0ae5435cc0b6e52800e', NULL, NULL, '', '[]', 'key:admin', 1795999682570);
INSERT INTO public.alias_versions VALUES ('shop/gone', 2, 'delete', NULL, NULL, NULL, '', '[]', 'key:admin', 1795999682689);
INSERT INTO public.alias_versions VALUES ('shop/fourth', 1, 'set', 'a840bf6c0a1e1b26d086fff2f9a369fa64a8b0508c4796df7016ad8bf7c734b5', NULL, NULL, '', '[]', 'key:admin', 1795999684566);
INSERT INTO public.alias_versions VALUES ('shop/fifth', 1, 'set', '043baabd04095500e029c86deb57d7138b5cfd3ec9d49636186bcaec6eff643f', NULL, NULL, '', '[]', 'key:admin', 1795999686323);
INSERT INTO public.aliases VALUES ('shop/cup', 'shop/cup', 'default', 'active', 2, '1bb5c5db98b82c6498dcbd13671db51ff8a788271de16eaf1980f4b8be8993c9', NULL, NULL, '', '[]', 1795999681563, 1795999682049, NULL);
INSERT INTO public.aliases VALUES ('shop/plate', 'shop/plate', 'default', 'active', 1, '843d8b49062d604062971f4c363c3a7f8892d3941449f0ae5435cc0b6e52800e', 0.25, 0.5, 'card', '["blue"]', 1795999682218, 1795999682218, NULL);
INSERT INTO public.aliases VALUES ('shop/gone', 'shop/gone', 'default', 'deleted', 2, NULL, NULL, NULL, '', '[]', 1795999682570, 1795999682689, 1798591682689);
INSERT INTO public.aliases VALUES ('shop/fourth', 'shop/fourth', 'default', 'active', 1, 'a840bf6c0a1e1b26d086fff2f9a369fa64a8b0508c4796df7016ad8bf7c734b5', NULL, NULL, '', '[]', 1795999684566, 1795999684566, NULL);
INSERT INTO public.aliases VALUES ('shop/fifth', 'shop/fifth', 'default', 'active', 1, '043baabd04095500e029c86deb57d7138b5cfd3ec9d49636186bcaec6eff643f', NULL, NULL, '', '[]', 1795999686323, 1795999686323, NULL);
INSERT INTO public.api_keys VALUES ('6a51bdedf6860d31f5fd76a2feb4ee57', 'd026ef14b029400608d0bb0eb25a376ad626611ab3d341da021fb689e2648072', 'red', 'write', 'red/', 'writer', 1795999683549, NULL, NULL);
INSERT INTO public.assets VALUES ('843d8b49062d604062971f4c363c3a7f8892d3941449f0ae5435cc0b6e52800e', 'ready', '', 140, 'image/png', '843d8b49062d604062971f4c363c3a7f8892d3941449f0ae5435cc0b6e52800e', 140, '{"media_type": "image/png", "format": "png", "width": 4, "height": 4, "orientation": 1, "frames": 1, "duration_ms": 0, "color_space": "srgb", "has_alpha": false, "depth": 8, "dominant_color": "#010207", "blurhash": "U009m:kEfQkEjLjcfQjce;f7fQf7kEj]fQj]", "thumbhash": "wfcBBwB4d3iAiHh3iHh4d4iIdwiHiI8I", "phash": "0000000000000000", "exif": {}, "saliency": {"x": 0.125, "y": 0.375}}', 1795999681337, 1795999681414, 1795999681414, NULL);
INSERT INTO public.assets VALUES ('1bb5c5db98b82c6498dcbd13671db51ff8a788271de16eaf1980f4b8be8993c9', 'ready', '', 140, 'image/png', '1bb5c5db98b82c6498dcbd13671db51ff8a788271de16eaf1980f4b8be8993c9', 140, '{"media_type": "image/png", "format": "png", "width": 4, "height": 4, "orientation": 1, "frames": 1, "duration_ms": 0, "color_space": "srgb", "has_alpha": false, "depth": 8, "dominant_color": "#020207", "blurhash": "U00J8aohfQohnojcfQjce;f7fQf7ohj]fQj]", "thumbhash": "wQcCBwB4d3iAiHiHiHiHeIiIdwiIiI8I", "phash": "0000000000000000", "exif": {}, "saliency": {"x": 0.125, "y": 0.625}}', 1795999681846, 1795999681942, 1795999681942, NULL);
INSERT INTO public.assets VALUES ('e082e9f9a8f7abcfa32054a5b2735519e4de07b6df82ea23278456dc395f466f', 'quarantined', 'BrokenImageError: png that ends too soon', 14, '', '', 0, '{}', 1795999683138, 1795999683138, NULL, NULL);
INSERT INTO public.assets VALUES ('a840bf6c0a1e1b26d086fff2f9a369fa64a8b0508c4796df7016ad8bf7c734b5', 'ready', '', 140, 'image/png', 'a840bf6c0a1e1b26d086fff2f9a369fa64a8b0508c4796df7016ad8bf7c734b5', 140, '{"media_type": "image/png", "format": "png", "width": 4, "height": 4, "orientation": 1, "frames": 1, "duration_ms": 0, "color_space": "srgb", "has_alpha": false, "depth": 8, "dominant_color": "#040207", "blurhash": "U00cAps=fQs=r{jcfQjce;f7fQf7s=j]fQj]", "thumbhash": "wQcCBwB4d3hwiHh3h3iIeIh4dwiHeI8I", "phash": "0000000000000000", "exif": {}, "saliency": {"x": 0.125, "y": 0.375}}', 1795999684410, 1795999684466, 1795999684466, NULL);
INSERT INTO public.assets VALUES ('666a596df2cf2181e69835c4f812f7c6117ecbe5136a3a6be2a07ef4aaccd343', 'quarantined', 'UnknownFormatError: no image format that is known', 30, '', '', 0, '{}', 1795999685518, 1795999685518, NULL, NULL);
INSERT INTO public.assets VALUES ('043baabd04095500e029c86deb57d7138b5cfd3ec9d49636186bcaec6eff643f', 'ready', '', 140, 'image/png', '043baabd04095500e029c86deb57d7138b5cfd3ec9d49636186bcaec6eff643f', 140, '{"media_type": "image/png", "format": "png", "width": 4, "height": 4, "orientation": 1, "frames": 1, "duration_ms": 0, "color_space": "srgb", "has_alpha": false, "depth": 8, "dominant_color": "#050207", "blurhash": "U00lrHs=fQs=r{n,fQn,e;f7fQf7s=oMfQoM", "thumbhash": "wQcCBwB4d3hwiHiHiHh3eIiIdwiHeI8H", "phash": "0000000000000000", "exif": {}, "saliency": {"x": 0.125, "y": 0.375}}', 1795999686242, 1795999686286, 1795999686286, NULL);
INSERT INTO public.chunks VALUES ('3392daedd549aab641ed786ef0fff9c5', 0, 50, 'b1bab6113f828e4fbcedd5c4896721d0ad8380dbcc42fb59d6689f1b0b2a2b1d', 'chunks/3392daedd549aab641ed786ef0fff9c5/00000000000000000000-f1ef7eaff3508cebee580b04d318832e');
INSERT INTO public.chunks VALUES ('eeee326fc8c846e3ee4ace6667c576c5', 0, 4, 'a11ae06469c63740d7b0ecf802f282a0d46e94f31a654dfcd3c0dc6dc277f904', 'chunks/eeee326fc8c846e3ee4ace6667c576c5/00000000000000000000-d4130e813290dff0f7ec4df7b65d1963');
INSERT INTO public.holdings VALUES ('default', '843d8b49062d604062971f4c363c3a7f8892d3941449f0ae5435cc0b6e52800e', 1795999681414);
INSERT INTO public.holdings VALUES ('default', '1bb5c5db98b82c6498dcbd13671db51ff8a788271de16eaf1980f4b8be8993c9', 1795999681942);
INSERT INTO public.holdings VALUES ('default', 'a840bf6c0a1e1b26d086fff2f9a369fa64a8b0508c4796df7016ad8bf7c734b5', 1795999684466);
INSERT INTO public.holdings VALUES ('default', '043baabd04095500e029c86deb57d7138b5cfd3ec9d49636186bcaec6eff643f', 1795999686286);
INSERT INTO public.outbox VALUES (8, 'alias://shop/gone', 3, 1795999682570, 1795999687371);
INSERT INTO public.outbox VALUES (10, 'alias://shop/gone', 3, 1795999682689, 1795999687371);
INSERT INTO public.outbox VALUES (1, 'alias://shop/cup', 4, 1795999681563, 1795999689847);
INSERT INTO public.outbox VALUES (11, 'alias://shop/fourth', 3, 1795999684566, 1795999688595);
INSERT INTO public.outbox VALUES (3, 'alias://shop/cup', 4, 1795999682049, 1795999690708);
INSERT INTO public.outbox VALUES (2, 'alias://shop/cup', 4, 1795999681563, 1795999690708);
INSERT INTO public.outbox VALUES (13, 'alias://shop/fifth', 2, 1795999686323, 1795999687937);
INSERT INTO public.outbox VALUES (14, 'alias://shop/fifth', 1, 1795999686323, 1795999687475);
INSERT INTO public.outbox VALUES (5, 'alias://shop/plate', 4, 1795999682218, 1795999690975);
INSERT INTO public.outbox VALUES (7, 'alias://shop/gone', 4, 1795999682570, 1795999690975);
INSERT INTO public.outbox VALUES (4, 'alias://shop/cup', 4, 1795999682049, 1795999690975);
INSERT INTO public.outbox VALUES (12, 'alias://shop/fourth', 3, 1795999684566, 1795999689076);
INSERT INTO public.outbox VALUES (9, 'alias://shop/gone', 4, 1795999682689, 1795999691234);
INSERT INTO public.outbox VALUES (6, 'alias://shop/plate', 4, 1795999682218, 1795999691234);
INSERT INTO public.tenants VALUES ('default', NULL, NULL, NULL, 1795999680956);
INSERT INTO public.tenants VALUES ('red', 1000000, NULL, NULL, 1795999683384);
INSERT INTO public.token_uses VALUES ('41b300ae9aa3d2d7de41cb4b18764e8a', 1, 1796604483707);
INSERT INTO public.uploads VALUES ('3392daedd549aab641ed786ef0fff9c5', 'red', 'token:41b300ae9aa3d2d7de41cb4b18764e8a', 'tus', 'receiving', 140, 50, '{"alias": "cmVkL3RoaXJk", "if-none-match": "Kg==", "sha256": "MzRjODMzODJhY2NkNzRkNDk2YjVjYzFhZGZlNTRhYjg5MjEzZmMzZTc5YmI1Y2UyZTk1NTVkZGMwODFiOTdhYQ==", "filename": "dGhpcmQucG5n"}', '{"limit": 1073741824, "role": 2, "prefix": "red/", "sha256": "34c83382accd74d496b5cc1adfe54ab89213fc3e79bb5ce2e9555ddc081b97aa", "alias": "red/third", "condition": {"version": null, "exists": false, "absent": true}, "token": "41b300ae9aa3d2d7de41cb4b18764e8a", "types": ["image/png"]}', '[]', '', NULL, '', NULL, NULL, 1795999683731, 1795999683965, 2111359683965);
INSERT INTO public.uploads VALUES ('f36a9fbd9c4e0542499bc109e1952e16', 'default', 'key:admin', 'tus', 'done', 140, 140, '{"alias": "c2hvcC9mb3VydGg="}', '{"limit": 1073741824, "role": 3, "alias": "shop/fourth", "condition": {"version": null, "exists": false, "absent": false}}', '[]', '', 'a840bf6c0a1e1b26d086fff2f9a369fa64a8b0508c4796df7016ad8bf7c734b5', '', NULL, NULL, 1795999684114, 1795999684610, 2111359684212);
INSERT INTO public.uploads VALUES ('875be98bcf2b17d717ac0da9942cd04e', 'default', 'key:admin', 'tus', 'failed', 140, 140, '{"sha256": "MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMA=="}', '{"limit": 1073741824, "role": 3, "sha256": "0000000000000000000000000000000000000000000000000000000000000000", "condition": {"version": null, "exists": false, "absent": false}}', '[]', '', NULL, 'DigestError: found the SHA-256 843d8b49062d604062971f4c363c3a7f8892d3941449f0ae5435cc0b6e52800e, expected 0000000000000000000000000000000000000000000000000000000000000000', NULL, NULL, 1795999684734, 1795999685094, 2111359684934);
INSERT INTO public.uploads VALUES ('eb8ad012e54c2a96639b375051f83a99', 'default', 'key:admin', 'tus', 'failed', 30, 30, '{}', '{"limit": 1073741824, "role": 3, "condition": {"version": null, "exists": false, "absent": false}}', '[]', '', NULL, 'UnknownFormatError: no image format that is known', NULL, NULL, 1795999685114, 1795999685570, 2111359685130);
INSERT INTO public.uploads VALUES ('eeee326fc8c846e3ee4ace6667c576c5', 'default', 'key:admin', 'partial', 'receiving', 4, 4, '{}', '{"limit": 1073741824, "role": 3, "condition": {"version": null, "exists": false, "absent": false}}', '[]', '', NULL, '', NULL, NULL, 1795999685654, 1795999685669, 2111359685669);
INSERT INTO public.uploads VALUES ('8b416eaf72abb2b792768d7beeda578f', 'default', 'key:admin', 'final', 'done', 140, 140, '{"alias": "c2hvcC9maWZ0aA=="}', '{"limit": 1073741824, "role": 3, "alias": "shop/fifth", "condition": {"version": null, "exists": false, "absent": false}}', '["6201b7313d8b2f46d66721f2f8bd6d4d", "d5f08e4e87f5119ffe28e5be795f5926"]', '', '043baabd04095500e029c86deb57d7138b5cfd3ec9d49636186bcaec6eff643f', '', NULL, NULL, 1795999685993, 1795999686330, 2111359685993);
INSERT INTO public.uploads VALUES ('6201b7313d8b2f46d66721f2f8bd6d4d', 'default', 'key:admin', 'joined', 'done', 0, 0, '{}', '{"limit": 1073741824, "role": 3, "condition": {"version": null, "exists": false, "absent": false}, "length": 60}', '["8b416eaf72abb2b792768d7beeda578f"]', '', NULL, '', NULL, NULL, 1795999685728, 1795999686330, 2111363285993);
INSERT INTO public.uploads VALUES ('d5f08e4e87f5119ffe28e5be795f5926', 'default', 'key:admin', 'joined', 'done', 0, 0, '{}', '{"limit": 1073741824, "role": 3, "condition": {"version": null, "exists": false, "absent": false}, "length": 80}', '["8b416eaf72abb2b792768d7beeda578f"]', '', NULL, '', NULL, NULL, 1795999685868, 1795999686330, 2111363285993);
INSERT INTO public.uploads VALUES ('5949abf86a3165460dee303c9f635386', 'default', 'key:admin', 'multipart', 'receiving', 7000000, 0, '{}', '{"sha256": "2222222222222222222222222222222222222222222222222222222222222222", "alias": "shop/large", "condition": [3, false, false]}', '[5242880]', 'storage-id', NULL, '', NULL, NULL, 1795999687378, 1795999687378, 2111359687378);
INSERT INTO public.uploads VALUES ('0775c5f6f4e6ca15aeac44af3aff6d4f', 'default', 'token:11111111111111111111111111111111', 'multipart', 'receiving', 7000000, 0, '{}', '{"sha256": "2222222222222222222222222222222222222222222222222222222222222222", "alias": "shop/large", "condition": [3, false, false]}', '[5242880]', 'storage-id', NULL, '', NULL, NULL, 1795999687378, 1795999687378, 2111359687378);
INSERT INTO public.uploads VALUES ('b5a9df48d4e39a8196de974dd3526505', 'default', 'key:admin', 'multipart', 'failed', 7000000, 0, '{}', '{"sha256": "2222222222222222222222222222222222222222222222222222222222222222", "alias": "shop/large", "condition": [3, false, false]}', '[5242880]', 'storage-id', NULL, 'DigestError: found another', NULL, NULL, 1795999687378, 1795999687378, 2111359687378);
SELECT pg_catalog.setval('public.outbox_id_seq', 14, true);
ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY public.alias_tags
    ADD CONSTRAINT pk_alias_tags PRIMARY KEY (name, tag);
ALTER TABLE ONLY public.alias_versions
    ADD CONSTRAINT pk_alias_versions PRIMARY KEY (name, version);
ALTER TABLE ONLY public.aliases
    ADD CONSTRAINT pk_aliases PRIMARY KEY (name);
ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT pk_api_keys PRIMARY KEY (id);
ALTER TABLE ONLY public.assets
    ADD CONSTRAINT pk_assets PRIMARY KEY (sha256);
ALTER TABLE ONLY public.chunks
    ADD CONSTRAINT pk_chunks PRIMARY KEY (upload, start);
ALTER TABLE ONLY public.holdings
    ADD CONSTRAINT pk_holdings PRIMARY KEY (tenant, sha256);
ALTER TABLE ONLY public.outbox
    ADD CONSTRAINT pk_outbox PRIMARY KEY (id);
ALTER TABLE ONLY public.tenants
    ADD CONSTRAINT pk_tenants PRIMARY KEY (name);
ALTER TABLE ONLY public.token_uses
    ADD CONSTRAINT pk_token_uses PRIMARY KEY (token);
ALTER TABLE ONLY public.uploads
    ADD CONSTRAINT pk_uploads PRIMARY KEY (id);
ALTER TABLE ONLY public.aliases
    ADD CONSTRAINT uq_aliases_skeleton UNIQUE (skeleton);
CREATE INDEX ix_alias_tags_tag_name ON public.alias_tags USING btree (tag, name);
CREATE INDEX ix_aliases_reusable ON public.aliases USING btree (reusable);
CREATE INDEX ix_aliases_sha256 ON public.aliases USING btree (sha256);
CREATE INDEX ix_aliases_tenant_name ON public.aliases USING btree (tenant, name);
CREATE INDEX ix_assets_state_changed ON public.assets USING btree (state, changed);
CREATE INDEX ix_assets_state_checked ON public.assets USING btree (state, checked);
CREATE INDEX ix_holdings_sha256 ON public.holdings USING btree (sha256);
CREATE INDEX ix_holdings_tenant_created_sha256 ON public.holdings USING btree (tenant, created, sha256);
CREATE INDEX ix_outbox_due ON public.outbox USING btree (due);
CREATE INDEX ix_token_uses_expires ON public.token_uses USING btree (expires);
CREATE INDEX ix_uploads_expires ON public.uploads USING btree (expires);
CREATE INDEX ix_uploads_state_changed ON public.uploads USING btree (state, changed);
CREATE INDEX ix_uploads_tenant_state ON public.uploads USING btree (tenant, state);
ALTER TABLE ONLY public.alias_tags
    ADD CONSTRAINT fk_alias_tags_name FOREIGN KEY (name) REFERENCES public.aliases(name);
ALTER TABLE ONLY public.alias_versions
    ADD CONSTRAINT fk_alias_versions_name FOREIGN KEY (name) REFERENCES public.aliases(name);
ALTER TABLE ONLY public.aliases
    ADD CONSTRAINT fk_aliases_sha256 FOREIGN KEY (sha256) REFERENCES public.assets(sha256);
ALTER TABLE ONLY public.aliases
    ADD CONSTRAINT fk_aliases_tenant FOREIGN KEY (tenant) REFERENCES public.tenants(name);
ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT fk_api_keys_tenant FOREIGN KEY (tenant) REFERENCES public.tenants(name);
ALTER TABLE ONLY public.chunks
    ADD CONSTRAINT fk_chunks_upload FOREIGN KEY (upload) REFERENCES public.uploads(id);
ALTER TABLE ONLY public.holdings
    ADD CONSTRAINT fk_holdings_sha256 FOREIGN KEY (sha256) REFERENCES public.assets(sha256);
ALTER TABLE ONLY public.holdings
    ADD CONSTRAINT fk_holdings_tenant FOREIGN KEY (tenant) REFERENCES public.tenants(name);
ALTER TABLE ONLY public.uploads
    ADD CONSTRAINT fk_uploads_tenant FOREIGN KEY (tenant) REFERENCES public.tenants(name);
