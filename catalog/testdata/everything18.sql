-- What PostgreSQL 18 has besides.
CREATE TABLE crm.young (
	room int4range,
	valid tstzrange,
	parent int4range,
	a int,
	twice int GENERATED ALWAYS AS (a * 2) VIRTUAL,
	tenant_id uuid,
	CONSTRAINT young_pkey PRIMARY KEY (room, valid WITHOUT OVERLAPS),
	CONSTRAINT young_key UNIQUE (parent, valid WITHOUT OVERLAPS),
	CONSTRAINT young_check CHECK (a > 0) NOT ENFORCED,
	CONSTRAINT young_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants NOT ENFORCED,
	CONSTRAINT young_parent_fkey FOREIGN KEY (parent, PERIOD valid) REFERENCES crm.young (room, PERIOD valid)
);
