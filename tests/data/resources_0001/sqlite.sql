PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO alembic_version VALUES('0001');
CREATE TABLE assets (
	sha256 VARCHAR(64) NOT NULL, 
	state VARCHAR(16) NOT NULL, 
	reason VARCHAR(512) NOT NULL, 
	size BIGINT NOT NULL, 
	media_type VARCHAR(64) NOT NULL, 
	stored_sha256 VARCHAR(64) NOT NULL, 
	stored_size BIGINT NOT NULL, 
	facts JSON NOT NULL, 
	created BIGINT NOT NULL, 
	changed BIGINT NOT NULL, 
	checked BIGINT, 
	deleted BIGINT, 
	CONSTRAINT pk_assets PRIMARY KEY (sha256)
);
INSERT INTO assets VALUES('843d8b49062d604062971f4c363c3a7f8892d3941449f0ae5435cc0b6e52800e','ready','',140,'image/png','843d8b49062d604062971f4c363c3a7f8892d3941449f0ae5435cc0b6e52800e',140,'{"media_type": "image/png", "format": "png", "width": 4, "height": 4, "orientation": 1, "frames": 1, "duration_ms": 0, "color_space": "srgb", "has_alpha": false, "depth": 8, "dominant_color": "#010207", "blurhash": "U009m:kEfQkEjLjcfQjce;f7fQf7kEj]fQj]", "thumbhash": "wfcBBwB4d3iAiHh3iHh4d4iIdwiHiI8I", "phash": "0000000000000000", "exif": {}, "saliency": {"x": 0.125, "y": 0.375}}',1795999620898,1795999620954,1795999620954,NULL);
INSERT INTO assets VALUES('1bb5c5db98b82c6498dcbd13671db51ff8a788271de16eaf1980f4b8be8993c9','ready','',140,'image/png','1bb5c5db98b82c6498dcbd13671db51ff8a788271de16eaf1980f4b8be8993c9',140,'{"media_type": "image/png", "format": "png", "width": 4, "height": 4, "orientation": 1, "frames": 1, "duration_ms": 0, "color_space": "srgb", "has_alpha": false, "depth": 8, "dominant_color": "#020207", "blurhash": "U00J8aohfQohnojcfQjce;f7fQf7ohj]fQj]", "thumbhash": "wQcCBwB4d3iAiHiHiHiHeIiIdwiIiI8I", "phash": "0000000000000000", "exif": {}, "saliency": {"x": 0.125, "y": 0.625}}',1795999621021,1795999621033,1795999621033,NULL);
INSERT INTO assets VALUES('e082e9f9a8f7abcfa32054a5b2735519e4de07b6df82ea23278456dc395f466f','quarantined','BrokenImageError: png that ends too soon',14,'','',0,'{}',1795999621133,1795999621133,NULL,NULL);
INSERT INTO assets VALUES('a840bf6c0a1e1b26d086fff2f9a369fa64a8b0508c4796df7016ad8bf7c734b5','ready','',140,'image/png','a840bf6c0a1e1b26d086fff2f9a369fa64a8b0508c4796df7016ad8bf7c734b5',140,'{"media_type": "image/png", "format": "png", "width": 4, "height": 4, "orientation": 1, "frames": 1, "duration_ms": 0, "color_space": "srgb", "has_alpha": false, "depth": 8, "dominant_color": "#040207", "blurhash": "U00cAps=fQs=r{jcfQjce;f7fQf7s=j]fQj]", "thumbhash": "wQcCBwB4d3hwiHh3h3iIeIh4dwiHeI8I", "phash": "0000000000000000", "exif": {}, "saliency": {"x": 0.125, "y": 0.375}}',1795999621814,1795999621890,1795999621890,NULL);
INSERT INTO assets VALUES('666a596df2cf2181e69835c4f812f7c6117ecbe5136a3a6be2a07ef4aaccd343','quarantined','UnknownFormatError: no image format that is known',30,'','',0,'{}',1795999622745,1795999622745,NULL,NULL);
INSERT INTO assets VALUES('043baabd04095500e029c86deb57d7138b5cfd3ec9d49636186bcaec6eff643f','ready','',140,'image/png','043baabd04095500e029c86deb57d7138b5cfd3ec9d49636186bcaec6eff643f',140,'{"media_type": "image/png", "format": "png", "width": 4, "height": 4, "orientation": 1, "frames": 1, "duration_ms": 0, "color_space": "srgb", "has_alpha": false, "depth": 8, "dominant_color": "#050207", "blurhash": "U00lrHs=fQs=r{n,fQn,e;f7fQf7s=oMfQoM", "thumbhash": "wQcCBwB4d3hwiHiHiHh3eIiIdwiHeI8H", "phash": "0000000000000000", "exif": {}, "saliency": {"x": 0.125, "y": 0.375}}',1795999623874,1795999623904,1795999623904,NULL);
CREATE TABLE outbox (
	id INTEGER NOT NULL, 
	source VARCHAR(1200) NOT NULL, 
	attempts INTEGER NOT NULL, 
	created BIGINT NOT NULL, 
	due BIGINT NOT NULL, 
	CONSTRAINT pk_outbox PRIMARY KEY (id)
);
INSERT INTO outbox VALUES(1,'alias://shop/cup',4,1795999620990,1795999628840);
INSERT INTO outbox VALUES(2,'alias://shop/cup',3,1795999620990,1795999625413);
INSERT INTO outbox VALUES(3,'alias://shop/cup',4,1795999621039,1795999628840);
INSERT INTO outbox VALUES(4,'alias://shop/cup',3,1795999621039,1795999625624);
INSERT INTO outbox VALUES(5,'alias://shop/plate',3,1795999621051,1795999625013);
INSERT INTO outbox VALUES(6,'alias://shop/plate',3,1795999621051,1795999625624);
INSERT INTO outbox VALUES(7,'alias://shop/gone',3,1795999621083,1795999625013);
INSERT INTO outbox VALUES(8,'alias://shop/gone',3,1795999621083,1795999625800);
INSERT INTO outbox VALUES(9,'alias://shop/gone',3,1795999621089,1795999625220);
INSERT INTO outbox VALUES(10,'alias://shop/gone',3,1795999621089,1795999625800);
INSERT INTO outbox VALUES(11,'alias://shop/fourth',3,1795999622023,1795999625926);
INSERT INTO outbox VALUES(12,'alias://shop/fourth',3,1795999622023,1795999626469);
INSERT INTO outbox VALUES(13,'alias://shop/fifth',2,1795999623914,1795999625469);
INSERT INTO outbox VALUES(14,'alias://shop/fifth',1,1795999623914,1795999625040);
CREATE TABLE tenants (
	name VARCHAR(255) NOT NULL, 
	max_bytes BIGINT, 
	max_assets BIGINT, 
	requests_per_minute INTEGER, 
	created BIGINT NOT NULL, 
	CONSTRAINT pk_tenants PRIMARY KEY (name)
);
INSERT INTO tenants VALUES('default',NULL,NULL,NULL,1795999620799);
INSERT INTO tenants VALUES('red',1000000,NULL,NULL,1795999621220);
CREATE TABLE token_uses (
	token VARCHAR(32) NOT NULL, 
	uses INTEGER NOT NULL, 
	expires BIGINT NOT NULL, 
	CONSTRAINT pk_token_uses PRIMARY KEY (token)
);
INSERT INTO token_uses VALUES('7d785dbe105d3e7f2a26709593190bac',1,1796604421248);
CREATE TABLE aliases (
	name VARCHAR(1024) NOT NULL, 
	skeleton VARCHAR(1024) NOT NULL, 
	tenant VARCHAR(255) NOT NULL, 
	state VARCHAR(16) NOT NULL, 
	version INTEGER NOT NULL, 
	sha256 VARCHAR(64), 
	focal_x FLOAT, 
	focal_y FLOAT, 
	preset VARCHAR(255) NOT NULL, 
	tags JSON NOT NULL, 
	created BIGINT NOT NULL, 
	changed BIGINT NOT NULL, 
	reusable BIGINT, 
	CONSTRAINT pk_aliases PRIMARY KEY (name), 
	CONSTRAINT fk_aliases_sha256 FOREIGN KEY(sha256) REFERENCES assets (sha256), 
	CONSTRAINT fk_aliases_tenant FOREIGN KEY(tenant) REFERENCES tenants (name), 
	CONSTRAINT uq_aliases_skeleton UNIQUE (skeleton)
);
INSERT INTO aliases VALUES('shop/cup','shop/cup','default','active',2,'1bb5c5db98b82c6498dcbd13671db51ff8a788271de16eaf1980f4b8be8993c9',NULL,NULL,'','[]',1795999620990,1795999621039,NULL);
INSERT INTO aliases VALUES('shop/plate','shop/plate','default','active',1,'843d8b49062d604062971f4c363c3a7f8892d3941449f0ae5435cc0b6e52800e',0.25,0.5,'card','["blue"]',1795999621051,1795999621051,NULL);
INSERT INTO aliases VALUES('shop/gone','shop/gone','default','deleted',2,NULL,NULL,NULL,'','[]',1795999621083,1795999621089,1798591621089);
INSERT INTO aliases VALUES('shop/fourth','shop/fourth','default','active',1,'a840bf6c0a1e1b26d086fff2f9a369fa64a8b0508c4796df7016ad8bf7c734b5',NULL,NULL,'','[]',1795999622023,1795999622023,NULL);
INSERT INTO aliases VALUES('shop/fifth','shop/fifth','default','active',1,'043baabd04095500e029c86deb57d7138b5cfd3ec9d49636186bcaec6eff643f',NULL,NULL,'','[]',1795999623914,1795999623914,NULL);
CREATE TABLE api_keys (
	id VARCHAR(32) NOT NULL, 
	hash VARCHAR(64) NOT NULL, 
	tenant VARCHAR(255) NOT NULL, 
	role VARCHAR(16) NOT NULL, 
	prefix VARCHAR(255) NOT NULL, 
	label VARCHAR(255) NOT NULL, 
	created BIGINT NOT NULL, 
	expires BIGINT, 
	revoked BIGINT, 
	CONSTRAINT pk_api_keys PRIMARY KEY (id), 
	CONSTRAINT fk_api_keys_tenant FOREIGN KEY(tenant) REFERENCES tenants (name)
);
INSERT INTO api_keys VALUES('f46e5de365014d2d2a3a433fcfc77906','e883bd09e98022f6eac072e7ed41593e75aae17e37f9351b226c3ab398232ca1','red','write','red/','writer',1795999621239,NULL,NULL);
CREATE TABLE holdings (
	tenant VARCHAR(255) NOT NULL, 
	sha256 VARCHAR(64) NOT NULL, 
	created BIGINT NOT NULL, 
	CONSTRAINT pk_holdings PRIMARY KEY (tenant, sha256), 
	CONSTRAINT fk_holdings_sha256 FOREIGN KEY(sha256) REFERENCES assets (sha256), 
	CONSTRAINT fk_holdings_tenant FOREIGN KEY(tenant) REFERENCES tenants (name)
);
INSERT INTO holdings VALUES('default','843d8b49062d604062971f4c363c3a7f8892d3941449f0ae5435cc0b6e52800e',1795999620954);
INSERT INTO holdings VALUES('default','1bb5c5db98b82c6498dcbd13671db51ff8a788271de16eaf1980f4b8be8993c9',1795999621033);
INSERT INTO holdings VALUES('default','a840bf6c0a1e1b26d086fff2f9a369fa64a8b0508c4796df7016ad8bf7c734b5',1795999621890);
INSERT INTO holdings VALUES('default','043baabd04095500e029c86deb57d7138b5cfd3ec9d49636186bcaec6eff643f',1795999623904);
CREATE TABLE uploads (
	id VARCHAR(32) NOT NULL, 
	tenant VARCHAR(255) NOT NULL, 
	credential VARCHAR(255) NOT NULL, 
	kind VARCHAR(16) NOT NULL, 
	state VARCHAR(16) NOT NULL, 
	length BIGINT, 
	received BIGINT NOT NULL, 
	metadata JSON NOT NULL, 
	wanted JSON NOT NULL, 
	parts JSON NOT NULL, 
	external VARCHAR(1024) NOT NULL, 
	sha256 VARCHAR(64), 
	problem VARCHAR(1024) NOT NULL, 
	lease_owner VARCHAR(32), 
	lease_until BIGINT, 
	created BIGINT NOT NULL, 
	changed BIGINT NOT NULL, 
	expires BIGINT NOT NULL, 
	CONSTRAINT pk_uploads PRIMARY KEY (id), 
	CONSTRAINT fk_uploads_tenant FOREIGN KEY(tenant) REFERENCES tenants (name)
);
INSERT INTO uploads VALUES('929b5da35cf9fc24e05e2608bd0d8df2','red','token:7d785dbe105d3e7f2a26709593190bac','tus','receiving',140,50,'{"alias": "cmVkL3RoaXJk", "if-none-match": "Kg==", "sha256": "MzRjODMzODJhY2NkNzRkNDk2YjVjYzFhZGZlNTRhYjg5MjEzZmMzZTc5YmI1Y2UyZTk1NTVkZGMwODFiOTdhYQ==", "filename": "dGhpcmQucG5n"}','{"limit": 1073741824, "role": 2, "prefix": "red/", "sha256": "34c83382accd74d496b5cc1adfe54ab89213fc3e79bb5ce2e9555ddc081b97aa", "alias": "red/third", "condition": {"version": null, "exists": false, "absent": true}, "token": "7d785dbe105d3e7f2a26709593190bac", "types": ["image/png"]}','[]','',NULL,'',NULL,NULL,1795999621250,1795999621468,2111359621468);
INSERT INTO uploads VALUES('9b2094965797af9ddb2aa8f3b881712c','default','key:admin','tus','done',140,140,'{"alias": "c2hvcC9mb3VydGg="}','{"limit": 1073741824, "role": 3, "alias": "shop/fourth", "condition": {"version": null, "exists": false, "absent": false}}','[]','','a840bf6c0a1e1b26d086fff2f9a369fa64a8b0508c4796df7016ad8bf7c734b5','',NULL,NULL,1795999621537,1795999622027,2111359621564);
INSERT INTO uploads VALUES('a8bdec8a92edcd78d558b02e4f2351c3','default','key:admin','tus','failed',140,140,'{"sha256": "MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMA=="}','{"limit": 1073741824, "role": 3, "sha256": "0000000000000000000000000000000000000000000000000000000000000000", "condition": {"version": null, "exists": false, "absent": false}}','[]','',NULL,'DigestError: found the SHA-256 843d8b49062d604062971f4c363c3a7f8892d3941449f0ae5435cc0b6e52800e, expected 0000000000000000000000000000000000000000000000000000000000000000',NULL,NULL,1795999622056,1795999622413,2111359622282);
INSERT INTO uploads VALUES('0ae6add0b373aa9c8b529597017661bc','default','key:admin','tus','failed',30,30,'{}','{"limit": 1073741824, "role": 3, "condition": {"version": null, "exists": false, "absent": false}}','[]','',NULL,'UnknownFormatError: no image format that is known',NULL,NULL,1795999622463,1795999622799,2111359622524);
INSERT INTO uploads VALUES('951a9345f5a869217fa05aa6d15b3e67','default','key:admin','partial','receiving',4,4,'{}','{"limit": 1073741824, "role": 3, "condition": {"version": null, "exists": false, "absent": false}}','[]','',NULL,'',NULL,NULL,1795999622852,1795999622895,2111359622895);
INSERT INTO uploads VALUES('0edd7e550d49dd56040075e4e0de251a','default','key:admin','joined','done',0,0,'{}','{"limit": 1073741824, "role": 3, "condition": {"version": null, "exists": false, "absent": false}, "length": 60}','["41f427aad30d9290fb4695de0fcb1fe0"]','',NULL,'',NULL,NULL,1795999623031,1795999623917,2111363223434);
INSERT INTO uploads VALUES('7f4183d0e7e07d712968a5d8187a1813','default','key:admin','joined','done',0,0,'{}','{"limit": 1073741824, "role": 3, "condition": {"version": null, "exists": false, "absent": false}, "length": 80}','["41f427aad30d9290fb4695de0fcb1fe0"]','',NULL,'',NULL,NULL,1795999623278,1795999623917,2111363223434);
INSERT INTO uploads VALUES('41f427aad30d9290fb4695de0fcb1fe0','default','key:admin','final','done',140,140,'{"alias": "c2hvcC9maWZ0aA=="}','{"limit": 1073741824, "role": 3, "alias": "shop/fifth", "condition": {"version": null, "exists": false, "absent": false}}','["0edd7e550d49dd56040075e4e0de251a", "7f4183d0e7e07d712968a5d8187a1813"]','','043baabd04095500e029c86deb57d7138b5cfd3ec9d49636186bcaec6eff643f','',NULL,NULL,1795999623434,1795999623917,2111359623434);
INSERT INTO uploads VALUES('f2437d9e46d0e7b740bb9ccfc417af3e','default','key:admin','multipart','receiving',7000000,0,'{}','{"sha256": "2222222222222222222222222222222222222222222222222222222222222222", "alias": "shop/large", "condition": [3, false, false]}','[5242880]','storage-id',NULL,'',NULL,NULL,1795999624945,1795999624945,2111359624945);
INSERT INTO uploads VALUES('8e1f8f10a641859f8a05f358f5f2bfe1','default','token:11111111111111111111111111111111','multipart','receiving',7000000,0,'{}','{"sha256": "2222222222222222222222222222222222222222222222222222222222222222", "alias": "shop/large", "condition": [3, false, false]}','[5242880]','storage-id',NULL,'',NULL,NULL,1795999624945,1795999624945,2111359624945);
INSERT INTO uploads VALUES('d9309c118594de297665e16301baf6db','default','key:admin','multipart','failed',7000000,0,'{}','{"sha256": "2222222222222222222222222222222222222222222222222222222222222222", "alias": "shop/large", "condition": [3, false, false]}','[5242880]','storage-id',NULL,'DigestError: found another',NULL,NULL,1795999624945,1795999624945,2111359624945);
CREATE TABLE alias_tags (
	name VARCHAR(1024) NOT NULL, 
	tag VARCHAR(255) NOT NULL, 
	CONSTRAINT pk_alias_tags PRIMARY KEY (name, tag), 
	CONSTRAINT fk_alias_tags_name FOREIGN KEY(name) REFERENCES aliases (name)
);
INSERT INTO alias_tags VALUES('shop/plate','blue');
CREATE TABLE alias_versions (
	name VARCHAR(1024) NOT NULL, 
	version INTEGER NOT NULL, 
	action VARCHAR(16) NOT NULL, 
	sha256 VARCHAR(64), 
	focal_x FLOAT, 
	focal_y FLOAT, 
	preset VARCHAR(255) NOT NULL, 
	tags JSON NOT NULL, 
	credential VARCHAR(255) NOT NULL, 
	changed BIGINT NOT NULL, 
	CONSTRAINT pk_alias_versions PRIMARY KEY (name, version), 
	CONSTRAINT fk_alias_versions_name FOREIGN KEY(name) REFERENCES aliases (name)
);
INSERT INTO alias_versions VALUES('shop/cup',1,'set','843d8b49062d604062971f4c363c3a7f8892d3941449f0ae5435cc0b6e52800e',NULL,NULL,'','[]','key:admin',1795999620990);
INSERT INTO alias_versions VALUES('shop/cup',2,'set','1bb5c5db98b82c6498dcbd13671db51ff8a788271de16eaf1980f4b8be8993c9',NULL,NULL,'','[]','key:admin',1795999621039);
INSERT INTO alias_versions VALUES('shop/plate',1,'set','843d8b49062d604062971f4c363c3a7f8892d3941449f0ae5435cc0b6e52800e',0.25,0.5,'card','["blue"]','key:admin',1795999621051);
INSERT INTO alias_versions VALUES('shop/gone',1,'set','843d8b49062d604062971f4c363c3a7f8892d3941449f0ae5435cc0b6e52800e',NULL,NULL,'','[]','key:admin',1795999621083);
INSERT INTO alias_versions VALUES('shop/gone',2,'delete',NULL,NULL,NULL,'','[]','key:admin',1795999621089);
INSERT INTO alias_versions VALUES('shop/fourth',1,'set','a840bf6c0a1e1b26d086fff2f9a369fa64a8b0508c4796df7016ad8bf7c734b5',NULL,NULL,'','[]','key:admin',1795999622023);
INSERT INTO alias_versions VALUES('shop/fifth',1,'set','043baabd04095500e029c86deb57d7138b5cfd3ec9d49636186bcaec6eff643f',NULL,NULL,'','[]','key:admin',1795999623914);
CREATE TABLE chunks (
	upload VARCHAR(32) NOT NULL, 
	start BIGINT NOT NULL, 
	size BIGINT NOT NULL, 
	sha256 VARCHAR(64) NOT NULL, 
	object_key VARCHAR(255) NOT NULL, 
	CONSTRAINT pk_chunks PRIMARY KEY (upload, start), 
	CONSTRAINT fk_chunks_upload FOREIGN KEY(upload) REFERENCES uploads (id)
);
INSERT INTO chunks VALUES('929b5da35cf9fc24e05e2608bd0d8df2',0,50,'b1bab6113f828e4fbcedd5c4896721d0ad8380dbcc42fb59d6689f1b0b2a2b1d','chunks/929b5da35cf9fc24e05e2608bd0d8df2/00000000000000000000-d0348319edb173598293ee2ebebe7b21');
INSERT INTO chunks VALUES('951a9345f5a869217fa05aa6d15b3e67',0,4,'a11ae06469c63740d7b0ecf802f282a0d46e94f31a654dfcd3c0dc6dc277f904','chunks/951a9345f5a869217fa05aa6d15b3e67/00000000000000000000-8c11d2b58eaf952678fa1c494a1650c6');
CREATE INDEX ix_assets_state_changed ON assets (state, changed);
CREATE INDEX ix_assets_state_checked ON assets (state, checked);
CREATE INDEX ix_outbox_due ON outbox (due);
CREATE INDEX ix_token_uses_expires ON token_uses (expires);
CREATE INDEX ix_aliases_reusable ON aliases (reusable);
CREATE INDEX ix_aliases_sha256 ON aliases (sha256);
CREATE INDEX ix_aliases_tenant_name ON aliases (tenant, name);
CREATE INDEX ix_holdings_sha256 ON holdings (sha256);
CREATE INDEX ix_holdings_tenant_created_sha256 ON holdings (tenant, created, sha256);
CREATE INDEX ix_uploads_expires ON uploads (expires);
CREATE INDEX ix_uploads_state_changed ON uploads (state, changed);
CREATE INDEX ix_uploads_tenant_state ON uploads (tenant, state);
CREATE INDEX ix_alias_tags_tag_name ON alias_tags (tag, name);
COMMIT;
