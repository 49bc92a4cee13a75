package migration

import (
	"fmt"
	"strconv"
	"strings"
)

// terminated ends a statement by a semicolon of its own.
func terminated(statement string) string {
	statement = strings.TrimRight(statement, "; \t\r\n")
	last := statement[strings.LastIndexByte(statement, '\n')+1:]
	if strings.Contains(last, "--") {
		return statement + "\n;" // it may be a comment
	}
	return statement + ";"
}

// dollarQuoted is the text as a literal that needs no escapes.
func dollarQuoted(word, text string) string {
	tag := word
	for n := 2; strings.Contains(text+"$", "$"+tag+"$"); n++ {
		tag = word + strconv.Itoa(n)
	}
	return "$" + tag + "$" + text + "$" + tag + "$"
}

func literal(text string) string {
	return `'` + strings.ReplaceAll(text, `'`, `''`) + `'`
}

// block is the batch as one statement, which commits after each range of blocks
// and so must not run in a transaction. Each of those transactions fails if
// row-level security would hide rows from it.
func (b *Batch) block() string {
	body := fmt.Sprintf(`
DECLARE
	step constant bigint := %[5]d;
	block bigint;
	blocks bigint;
	changed bigint;
	passed bigint;
	fruitless int := 0;
	remaining bigint;
BEGIN
	LOOP
		PERFORM set_config('row_security', 'off', true);
		EXECUTE %[1]s INTO remaining;
		EXIT WHEN remaining = 0;
		IF fruitless = %[4]d THEN
			RAISE EXCEPTION '%% rows of %% cannot be filled', remaining, %[2]s;
		END IF;
		block := 0;
		passed := 0;
		blocks := pg_relation_size(%[2]s::regclass) / current_setting('block_size')::bigint;
		WHILE block < blocks LOOP
			PERFORM set_config('row_security', 'off', true);
			EXECUTE %[3]s
				USING format('(%%s,0)', block)::tid, format('(%%s,0)', least(block + step, blocks))::tid;
			GET DIAGNOSTICS changed = ROW_COUNT;
			COMMIT;
			passed := passed + changed;
			block := block + step;
		END LOOP;
		fruitless := CASE WHEN passed = 0 THEN fruitless + 1 ELSE 0 END;
	END LOOP;
END
`, dollarQuoted("left", b.Left), literal(b.Table.String()), dollarQuoted("sql", b.SQL), fruitlessPasses, defaultBatchBlocks)
	return "DO " + dollarQuoted("batch", body)
}

// statements returns the SQL that carries the step out.
func (s *Step) statements() []string {
	if s.Done {
		return nil
	}
	if s.Batch != nil {
		return []string{s.Batch.block()}
	}
	return s.SQL
}

// inTransaction reports whether the statements need one transaction.
func (s *Step) inTransaction() bool { return s.Transaction && s.Batch == nil }

// undoStatements returns the SQL that takes the step back, or a statement that
// fails if that is impossible.
func (s *Step) undoStatements() []string {
	if s.NoUndo != "" {
		return []string{"DO " + dollarQuoted("undo", " BEGIN RAISE EXCEPTION USING MESSAGE = "+
			literal("cannot be undone: "+strings.Join(strings.Fields(s.NoUndo), " "))+"; END ")}
	}
	return s.Undo
}
