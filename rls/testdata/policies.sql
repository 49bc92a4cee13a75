-- Row-level security for app
-- For psql: psql -v ON_ERROR_STOP=1 -f this-file, as the role that owns the tables.
-- Time: a moment by the sizes of the tables, without waiting for locks and barriers.
-- Longest lock: ACCESS EXCLUSIVE, in step 1 (public.accounts: policies), which blocks everything, for a moment.

\set ON_ERROR_STOP on
SET search_path = pg_catalog, pg_temp;
SET row_security = off;
SET statement_timeout = 0;


-- ======================================================================
-- Phase policies: Policies are made. They hold where row-level security is enabled.

SET lock_timeout = '2s';
-- Step: public.accounts: policies
-- For: Only the rows of the statement's tenant are seen and written.
-- Lock: ACCESS EXCLUSIVE; blocks everything, for a moment
-- Undo: DROP POLICY tenancy ON public.accounts;
-- DROP POLICY tenancy_span ON public.accounts;
BEGIN;
CREATE POLICY tenancy ON public.accounts FOR ALL TO PUBLIC USING (id = (SELECT nullif(current_setting('app.tenant_id', true), '')::uuid)) WITH CHECK (id = (SELECT nullif(current_setting('app.tenant_id', true), '')::uuid));
CREATE POLICY tenancy_span ON public.accounts FOR ALL TO app_span USING ((SELECT current_setting('app.tenant_id_set', true) = 'all') OR id = ANY ((SELECT nullif(nullif(current_setting('app.tenant_id_set', true), ''), 'all'))::uuid[])) WITH CHECK ((SELECT current_setting('app.tenant_id_set', true) = 'all') OR id = ANY ((SELECT nullif(nullif(current_setting('app.tenant_id_set', true), ''), 'all'))::uuid[]));
COMMIT;

-- Step: public.countries: policies
-- For: Only the rows of the statement's tenant are seen and written.
-- Lock: ACCESS EXCLUSIVE; blocks everything, for a moment
-- Undo: DROP POLICY tenancy_shared ON public.countries;
-- DROP POLICY tenancy_shared_lock ON public.countries;
-- DROP POLICY tenancy_span ON public.countries;
BEGIN;
CREATE POLICY tenancy_shared ON public.countries FOR SELECT TO PUBLIC USING (true);
CREATE POLICY tenancy_shared_lock ON public.countries FOR UPDATE TO PUBLIC USING (true) WITH CHECK (false);
CREATE POLICY tenancy_span ON public.countries FOR ALL TO app_span USING ((SELECT current_setting('app.tenant_id_set', true) = 'all')) WITH CHECK ((SELECT current_setting('app.tenant_id_set', true) = 'all'));
COMMIT;

-- Step: public.doc_tags: policies
-- For: Only the rows of the statement's tenant are seen and written.
-- Lock: ACCESS EXCLUSIVE; blocks everything, for a moment
-- Undo: DROP POLICY tenancy ON public.doc_tags;
-- DROP POLICY tenancy_span ON public.doc_tags;
BEGIN;
CREATE POLICY tenancy ON public.doc_tags FOR ALL TO PUBLIC USING (tenant_id = (SELECT nullif(current_setting('app.tenant_id', true), '')::uuid)) WITH CHECK (tenant_id = (SELECT nullif(current_setting('app.tenant_id', true), '')::uuid));
CREATE POLICY tenancy_span ON public.doc_tags FOR ALL TO app_span USING ((SELECT current_setting('app.tenant_id_set', true) = 'all') OR tenant_id = ANY ((SELECT nullif(nullif(current_setting('app.tenant_id_set', true), ''), 'all'))::uuid[])) WITH CHECK ((SELECT current_setting('app.tenant_id_set', true) = 'all') OR tenant_id = ANY ((SELECT nullif(nullif(current_setting('app.tenant_id_set', true), ''), 'all'))::uuid[]));
COMMIT;

-- Step: public.docs: policies
-- For: Only the rows of the statement's tenant are seen and written.
-- Lock: ACCESS EXCLUSIVE; blocks everything, for a moment
-- Undo: DROP POLICY tenancy ON public.docs;
-- DROP POLICY tenancy_span ON public.docs;
BEGIN;
CREATE POLICY tenancy ON public.docs FOR ALL TO PUBLIC USING (tenant_id = (SELECT nullif(current_setting('app.tenant_id', true), '')::uuid)) WITH CHECK (tenant_id = (SELECT nullif(current_setting('app.tenant_id', true), '')::uuid));
CREATE POLICY tenancy_span ON public.docs FOR ALL TO app_span USING ((SELECT current_setting('app.tenant_id_set', true) = 'all') OR tenant_id = ANY ((SELECT nullif(nullif(current_setting('app.tenant_id_set', true), ''), 'all'))::uuid[])) WITH CHECK ((SELECT current_setting('app.tenant_id_set', true) = 'all') OR tenant_id = ANY ((SELECT nullif(nullif(current_setting('app.tenant_id_set', true), ''), 'all'))::uuid[]));
COMMIT;

-- Step: public.events: policies
-- For: Only the rows of the statement's tenant are seen and written.
-- Lock: ACCESS EXCLUSIVE; blocks everything, for a moment
-- Undo: DROP POLICY tenancy_shared ON public.events;
BEGIN;
CREATE POLICY tenancy_shared ON public.events FOR ALL TO PUBLIC USING (true) WITH CHECK (true);
COMMIT;

-- Step: public.parcels: policies
-- For: Only the rows of the statement's tenant are seen and written.
-- Lock: ACCESS EXCLUSIVE; blocks everything, for a moment
-- Undo: DROP POLICY tenancy ON public.parcels;
-- DROP POLICY tenancy_span ON public.parcels;
BEGIN;
CREATE POLICY tenancy ON public.parcels FOR ALL TO PUBLIC USING (client_id = (SELECT nullif(current_setting('app.tenant_id', true), '')::text)) WITH CHECK (client_id = (SELECT nullif(current_setting('app.tenant_id', true), '')::text));
CREATE POLICY tenancy_span ON public.parcels FOR ALL TO app_span USING ((SELECT current_setting('app.tenant_id_set', true) = 'all') OR client_id = ANY ((SELECT nullif(nullif(current_setting('app.tenant_id_set', true), ''), 'all'))::text[])) WITH CHECK ((SELECT current_setting('app.tenant_id_set', true) = 'all') OR client_id = ANY ((SELECT nullif(nullif(current_setting('app.tenant_id_set', true), ''), 'all'))::text[]));
COMMIT;

-- Step: public.tags: policies
-- For: Only the rows of the statement's tenant are seen and written.
-- Lock: ACCESS EXCLUSIVE; blocks everything, for a moment
-- Undo: DROP POLICY tenancy ON public.tags;
-- DROP POLICY tenancy_span ON public.tags;
BEGIN;
CREATE POLICY tenancy ON public.tags FOR ALL TO PUBLIC USING (tenant_id = (SELECT nullif(current_setting('app.tenant_id', true), '')::uuid)) WITH CHECK (tenant_id = (SELECT nullif(current_setting('app.tenant_id', true), '')::uuid));
CREATE POLICY tenancy_span ON public.tags FOR ALL TO app_span USING ((SELECT current_setting('app.tenant_id_set', true) = 'all') OR tenant_id = ANY ((SELECT nullif(nullif(current_setting('app.tenant_id_set', true), ''), 'all'))::uuid[])) WITH CHECK ((SELECT current_setting('app.tenant_id_set', true) = 'all') OR tenant_id = ANY ((SELECT nullif(nullif(current_setting('app.tenant_id_set', true), ''), 'all'))::uuid[]));
COMMIT;


-- ======================================================================
-- Phase row security: Row-level security is enabled, and forced: it holds for the tables' owner as well.
-- BARRIER, before this phase: Every running version of the application opens its pool by rls.Open, and migrations that change rows run as a role with BYPASSRLS.

-- Step: public.accounts: enable row security
-- For: The policies hold, for the owner too.
-- Lock: ACCESS EXCLUSIVE; blocks everything, for a moment
-- Undo: ALTER TABLE public.accounts NO FORCE ROW LEVEL SECURITY;
-- ALTER TABLE public.accounts DISABLE ROW LEVEL SECURITY;
BEGIN;
ALTER TABLE public.accounts ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
COMMIT;

-- Step: public.countries: enable row security
-- For: The policies hold, for the owner too.
-- Lock: ACCESS EXCLUSIVE; blocks everything, for a moment
-- Undo: ALTER TABLE public.countries NO FORCE ROW LEVEL SECURITY;
-- ALTER TABLE public.countries DISABLE ROW LEVEL SECURITY;
BEGIN;
ALTER TABLE public.countries ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
COMMIT;

-- Step: public.doc_tags: enable row security
-- For: The policies hold, for the owner too.
-- Lock: ACCESS EXCLUSIVE; blocks everything, for a moment
-- Undo: ALTER TABLE public.doc_tags NO FORCE ROW LEVEL SECURITY;
-- ALTER TABLE public.doc_tags DISABLE ROW LEVEL SECURITY;
BEGIN;
ALTER TABLE public.doc_tags ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
COMMIT;

-- Step: public.docs: enable row security
-- For: The policies hold, for the owner too.
-- Lock: ACCESS EXCLUSIVE; blocks everything, for a moment
-- Undo: ALTER TABLE public.docs NO FORCE ROW LEVEL SECURITY;
-- ALTER TABLE public.docs DISABLE ROW LEVEL SECURITY;
BEGIN;
ALTER TABLE public.docs ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
COMMIT;

-- Step: public.events: enable row security
-- For: The policies hold, for the owner too.
-- Lock: ACCESS EXCLUSIVE; blocks everything, for a moment
-- Undo: ALTER TABLE public.events NO FORCE ROW LEVEL SECURITY;
-- ALTER TABLE public.events DISABLE ROW LEVEL SECURITY;
BEGIN;
ALTER TABLE public.events ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
COMMIT;

-- Step: public.parcels: enable row security
-- For: The policies hold, for the owner too.
-- Lock: ACCESS EXCLUSIVE; blocks everything, for a moment
-- Undo: ALTER TABLE public.parcels NO FORCE ROW LEVEL SECURITY;
-- ALTER TABLE public.parcels DISABLE ROW LEVEL SECURITY;
BEGIN;
ALTER TABLE public.parcels ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
COMMIT;

-- Step: public.tags: enable row security
-- For: The policies hold, for the owner too.
-- Lock: ACCESS EXCLUSIVE; blocks everything, for a moment
-- Undo: ALTER TABLE public.tags NO FORCE ROW LEVEL SECURITY;
-- ALTER TABLE public.tags DISABLE ROW LEVEL SECURITY;
BEGIN;
ALTER TABLE public.tags ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
COMMIT;
