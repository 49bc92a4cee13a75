-- What the tables of everything.sql need and the catalogue does not hold.
CREATE SCHEMA crm;
CREATE SCHEMA "select";
CREATE SCHEMA "Ünï ""code"".x";
CREATE TYPE crm.mood AS ENUM ('glad', 'sad');
CREATE DOMAIN crm.email AS text CHECK (VALUE LIKE '%@%');
CREATE COLLATION crm.plain (provider = libc, locale = 'C');
CREATE FUNCTION crm.touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE FUNCTION crm.squash(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower($1)';
