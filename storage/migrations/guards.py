"""The triggers of migration 0001: the ledger only grows, and its texts can be erased but never changed or added later.

An entry's texts are written before the entry itself, so "this entry stands already" is what refuses a late text. Once
released this file stays as it is, like every migration.
"""

from __future__ import annotations

_SQLITE = (
    "CREATE TRIGGER ledger_no_update BEFORE UPDATE ON ledger BEGIN SELECT RAISE(ABORT, 'the ledger only grows'); END",
    "CREATE TRIGGER ledger_no_delete BEFORE DELETE ON ledger BEGIN SELECT RAISE(ABORT, 'the ledger only grows'); END",
    # INSERT OR REPLACE deletes the old row without asking the DELETE trigger
    "CREATE TRIGGER ledger_no_replace BEFORE INSERT ON ledger WHEN EXISTS (SELECT 1 FROM ledger"
    " WHERE workspace = NEW.workspace AND item = NEW.item AND seq = NEW.seq)"
    " BEGIN SELECT RAISE(ABORT, 'the ledger only grows'); END",
    "CREATE TRIGGER ledger_texts_no_update BEFORE UPDATE ON ledger_texts"
    " BEGIN SELECT RAISE(ABORT, 'a ledger text can only be erased'); END",
    "CREATE TRIGGER ledger_texts_no_late BEFORE INSERT ON ledger_texts WHEN EXISTS (SELECT 1 FROM ledger"
    " WHERE workspace = NEW.workspace AND item = NEW.item AND seq = NEW.seq)"
    " BEGIN SELECT RAISE(ABORT, 'a ledger text can only be erased'); END",
)

_POSTGRESQL = (
    "CREATE FUNCTION docket_refuse() RETURNS trigger LANGUAGE plpgsql AS"
    " $$ BEGIN RAISE EXCEPTION '%', TG_ARGV[0]; END $$",
    "CREATE FUNCTION docket_refuse_late_text() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
    " IF EXISTS (SELECT 1 FROM ledger WHERE workspace = NEW.workspace AND item = NEW.item AND seq = NEW.seq)"
    " THEN RAISE EXCEPTION 'a ledger text can only be erased' USING ERRCODE = 'unique_violation';"
    " END IF; RETURN NEW; END $$",
    "CREATE TRIGGER ledger_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger"
    " FOR EACH STATEMENT EXECUTE FUNCTION docket_refuse('the ledger only grows')",
    "CREATE TRIGGER ledger_texts_no_update BEFORE UPDATE ON ledger_texts"
    " FOR EACH STATEMENT EXECUTE FUNCTION docket_refuse('a ledger text can only be erased')",
    "CREATE TRIGGER ledger_texts_no_late BEFORE INSERT ON ledger_texts"
    " FOR EACH ROW EXECUTE FUNCTION docket_refuse_late_text()",
)

STATEMENTS = {"sqlite": _SQLITE, "postgresql": _POSTGRESQL}
