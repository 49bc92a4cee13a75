package sqltext

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestEqualities(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		dialect    Dialect
		text, want string
		reason     string
	}{
		{Postgres, `tenant_id = $1`, "tenant_id=$1", "alone"},
		{Postgres, `$2 = "users"."tenant_id"`, "$2=users.tenant_id", "the other way round, and quoted"},
		{Postgres, `a = 1 AND (o.Tenant_ID = $3 AND b > 2)`, "o.tenant_id=$3", "in parentheses"},
		{Postgres, `o.tenant_id = u.tenant_id and o.user_id = u.id`, "o.tenant_id=u.tenant_id o.user_id=u.id", "of columns"},
		{Postgres, `app.users.tenant_id = $1`, "users.tenant_id=$1", "with a schema"},
		{Postgres, `a = 1 OR tenant_id = $1`, "", "under OR"},
		{Postgres, `(a = 1 OR tenant_id = $1) AND b = $2`, "b=$2", "beside OR"},
		{Postgres, `NOT tenant_id = $1`, "", "negated"},
		{Postgres, `NOT (tenant_id = $1)`, "", "negated in parentheses"},
		{Postgres, `CASE WHEN a AND tenant_id = $1 AND b THEN c END`, "", "inside of CASE"},
		{Postgres, `tenant_id = $1 + 1`, "", "with more behind it"},
		{Postgres, `tenant_id = '$1'`, "", "a literal"},
		{Postgres, `tenant_id <= $1`, "", "another operator"},
		{SQLite, "a > ? AND `tenant_id` = ?", "tenant_id=$2", "placeholders by position"},
		{Postgres, `tenant_id = `, "", "cut off"},
		{Postgres, `()`, "", "nothing"},
	} {
		var got []string
		show := func(o Operand) string {
			switch {
			case o.Param > 0:
				return fmt.Sprint("$", o.Param)
			case o.Qualifier != "":
				return o.Qualifier + "." + o.Name
			}
			return o.Name
		}
		Equalities(&Lexer{Text: test.text, Dialect: test.dialect}, func(a, b Operand) {
			got = append(got, show(a)+"="+show(b))
		})
		assert.Equal(t, test.want, strings.Join(got, " "), "%s: %s", test.reason, test.text)
	}
}
