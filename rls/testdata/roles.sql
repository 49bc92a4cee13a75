-- The owner migrates, on a pool of its own. BYPASSRLS is for migrations that change rows.
CREATE ROLE shop_owner LOGIN BYPASSRLS;
GRANT CONNECT, TEMPORARY ON DATABASE shop TO shop_owner;
GRANT USAGE, CREATE ON SCHEMA public TO shop_owner;
-- The application: it owns nothing, and does not inherit what it may become.
CREATE ROLE shop_app LOGIN NOINHERIT;
GRANT CONNECT ON DATABASE shop TO shop_app;
-- What spans tenants runs as this one: sets and bypasses.
CREATE ROLE shop_span NOLOGIN;
GRANT shop_span TO shop_app;

GRANT USAGE ON SCHEMA public TO shop_app, shop_span;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO shop_app, shop_span;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO shop_app, shop_span;
ALTER DEFAULT PRIVILEGES FOR ROLE shop_owner IN SCHEMA public
	GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO shop_app, shop_span;
ALTER DEFAULT PRIVILEGES FOR ROLE shop_owner IN SCHEMA public
	GRANT USAGE ON SEQUENCES TO shop_app, shop_span;
-- No tables that hide those with policies.
REVOKE TEMPORARY ON DATABASE shop FROM PUBLIC;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
