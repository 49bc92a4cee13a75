CREATE TABLE public.tenants (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	name text NOT NULL
);

CREATE TABLE crm.users (
	gone int,
	tenant_id uuid NOT NULL REFERENCES public.tenants ON DELETE CASCADE,
	id bigint GENERATED ALWAYS AS IDENTITY,
	email crm.email NOT NULL,
	nick varchar(20) COLLATE "C" DEFAULT 'x''y',
	odd text COLLATE crm.plain,
	mood crm.mood DEFAULT 'glad',
	moods crm.mood[],
	price numeric(10, 2) DEFAULT 0,
	since timestamptz(3) DEFAULT now(),
	born timestamptz DEFAULT '2001-02-03 04:05:06+00',
	span interval DEFAULT '1 day 02:00:00',
	blob bytea DEFAULT '\x0102',
	ratio float8 DEFAULT 0.1,
	also_gone text,
	shout text GENERATED ALWAYS AS (upper(odd)) STORED,
	total numeric GENERATED ALWAYS AS (price * 2) STORED,
	deleted_at timestamptz,
	manager_id bigint,
	PRIMARY KEY (tenant_id, id),
	CONSTRAINT users_email_key UNIQUE NULLS NOT DISTINCT (tenant_id, email) INCLUDE (nick, mood) WITH (fillfactor = 70, deduplicate_items = off),
	CONSTRAINT users_id_key UNIQUE (id) DEFERRABLE INITIALLY DEFERRED,
	CONSTRAINT price_check CHECK (price >= 0 AND "since" IS NOT NULL) NO INHERIT,
	CONSTRAINT mood_check CHECK (mood = 'glad' OR mood IS NULL),
	CONSTRAINT born_check CHECK (born > '1900-01-01 00:00:00+00'::timestamptz),
	CONSTRAINT users_manager_fkey FOREIGN KEY (tenant_id, manager_id) REFERENCES crm.users (tenant_id, id)
		ON DELETE SET NULL (manager_id) ON UPDATE CASCADE DEFERRABLE
);
ALTER TABLE crm.users DROP COLUMN gone, DROP COLUMN also_gone;
ALTER TABLE crm.users ADD CONSTRAINT late_check CHECK (nick <> 'DEFERRABLE NOT VALID') NOT VALID;
CREATE INDEX ON crm.users (lower(email) text_pattern_ops DESC NULLS LAST, odd COLLATE "C" varchar_pattern_ops, (price + 1), nick);
CREATE UNIQUE INDEX users_active ON crm.users (tenant_id, crm.squash(email)) INCLUDE (nick) NULLS NOT DISTINCT WITH (fillfactor = 90)
	WHERE deleted_at IS NULL AND nick <> ') WHERE ''(';
CREATE INDEX users_hash ON crm.users USING hash (email);
CREATE INDEX users_gin ON crm.users USING gin (moods) WITH (fastupdate = off);
CREATE UNIQUE INDEX users_replica ON crm.users (tenant_id, email);
CREATE INDEX users_born ON crm.users (born) WHERE born > '2020-05-06 07:08:09+00'::timestamptz;
ALTER TABLE crm.users REPLICA IDENTITY USING INDEX users_replica;
CLUSTER crm.users USING users_pkey;
CREATE TRIGGER touch BEFORE UPDATE OF nick, odd ON crm.users FOR EACH ROW WHEN (OLD.nick IS DISTINCT FROM NEW.nick) EXECUTE FUNCTION crm.touch();
CREATE TRIGGER silent AFTER INSERT ON crm.users REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION crm.touch('a', 'b');
CREATE CONSTRAINT TRIGGER late AFTER INSERT ON crm.users DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION crm.touch();
ALTER TABLE crm.users DISABLE TRIGGER silent;
ALTER TABLE crm.users ENABLE ALWAYS TRIGGER late;
ALTER TABLE crm.users ENABLE ROW LEVEL SECURITY;
ALTER TABLE crm.users FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON crm.users USING (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid) WITH CHECK (price > 0);
CREATE POLICY "no deletes" ON crm.users AS RESTRICTIVE FOR DELETE TO CURRENT_USER USING (false);

-- Names that need quotes, and those of 63 bytes.
CREATE TABLE "select"."table" (
	"user" serial,
	"a ""quoted"" name.with.dots" int NOT NULL,
	"Üñïçødé (x, y)" text,
	"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk" smallserial,
	"json" int,
	"order" int DEFAULT 1,
	CONSTRAINT "the primary key, of (this) USING" PRIMARY KEY ("user", "a ""quoted"" name.with.dots"),
	CONSTRAINT "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk" UNIQUE ("abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk") INCLUDE ("a ""quoted"" name.with.dots", "order"),
	CONSTRAINT "check" CHECK ("order" > 0 AND "Üñïçødé (x, y)" <> '"')
);
CREATE INDEX "USING btree (" ON "select"."table" ("Üñïçødé (x, y)" DESC, "json", ("order" || ', ('), "a ""quoted"" name.with.dots" DESC NULLS LAST) INCLUDE ("order");
CREATE TABLE "Ünï ""code"".x"."T.1" (
	id int PRIMARY KEY,
	"User" int NOT NULL,
	b int NOT NULL,
	CONSTRAINT "f k" FOREIGN KEY ("User", b) REFERENCES "select"."table" ("user", "a ""quoted"" name.with.dots") MATCH FULL ON DELETE RESTRICT ON UPDATE SET NULL
);
ALTER TABLE "Ünï ""code"".x"."T.1" REPLICA IDENTITY FULL;

-- A cycle, every action, not valid.
CREATE TABLE crm.a (id int PRIMARY KEY, b_id int, c_id int DEFAULT 1);
CREATE TABLE crm.b (id int PRIMARY KEY, a_id int REFERENCES crm.a ON DELETE SET DEFAULT ON UPDATE RESTRICT DEFERRABLE INITIALLY DEFERRED, x int, y int);
ALTER TABLE crm.a ADD CONSTRAINT a_b_id_fkey FOREIGN KEY (b_id) REFERENCES crm.b ON DELETE SET NULL NOT VALID;
ALTER TABLE crm.a ADD CONSTRAINT a_c_id_fkey FOREIGN KEY (c_id) REFERENCES crm.b ON DELETE SET DEFAULT (c_id) ON UPDATE CASCADE;
ALTER TABLE crm.a REPLICA IDENTITY NOTHING;

-- No key at all; the exclusion with all that it may have.
CREATE TABLE crm.bookings (
	room int4range,
	during tstzrange,
	label text,
	CONSTRAINT "no WHERE twice" EXCLUDE USING gist (room WITH &&, during WITH &&) INCLUDE (label) WITH (fillfactor = 80) WHERE (label <> ' WHERE (' AND NOT isempty(room)) DEFERRABLE INITIALLY DEFERRED
);

-- Partitions, two levels of them.
CREATE TABLE crm.events (
	tenant_id uuid NOT NULL REFERENCES public.tenants,
	id bigint GENERATED BY DEFAULT AS IDENTITY,
	region text NOT NULL,
	at timestamptz NOT NULL,
	PRIMARY KEY (tenant_id, id, region, at),
	CHECK (region <> '')
) PARTITION BY LIST (region);
CREATE INDEX events_at ON crm.events (at DESC);
CREATE TABLE crm.events_eu PARTITION OF crm.events FOR VALUES IN ('eu', 'uk') PARTITION BY RANGE (tenant_id, at);
CREATE TABLE crm.events_eu_1 PARTITION OF crm.events_eu FOR VALUES FROM ('00000000-0000-0000-0000-000000000000', '2001-01-01 00:00:00+00') TO (MAXVALUE, MAXVALUE);
CREATE TABLE crm.events_rest PARTITION OF crm.events DEFAULT;
CREATE INDEX own_index ON crm.events_rest (id);
CREATE TRIGGER touched AFTER INSERT ON crm.events FOR EACH ROW EXECUTE FUNCTION crm.touch();
CREATE TABLE crm.notes (
	id int PRIMARY KEY,
	tenant_id uuid, event_id bigint, region text, at timestamptz,
	CONSTRAINT notes_event_fkey FOREIGN KEY (tenant_id, event_id, region, at) REFERENCES crm.events
);

-- Inheritance of the old style.
CREATE TABLE crm.cities (name text, height int, CONSTRAINT height_check CHECK (height < 9000));
CREATE TABLE crm.things (weight int);
CREATE TABLE crm.capitals (country text NOT NULL, UNIQUE (name)) INHERITS (crm.cities, crm.things);

CREATE VIEW crm.per_user AS
	SELECT u.tenant_id, u.id, u.email, count(*) AS n FROM crm.users u JOIN crm.events e USING (tenant_id) GROUP BY u.tenant_id, u.id;
CREATE VIEW public.glad WITH (security_invoker = on, check_option = local) AS SELECT id FROM crm.users WHERE mood = 'glad';
CREATE MATERIALIZED VIEW crm.summary AS SELECT p.tenant_id, sum(n) AS n FROM crm.per_user p, "select"."table" GROUP BY 1;

CREATE PUBLICATION "some" FOR TABLE crm.users, "Ünï ""code"".x"."T.1";
CREATE PUBLICATION parts FOR TABLE crm.events;
