package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
)

// variable is the environment's. It says which mutant a test binary is.
const variable = "TENANCY_MUTANT"

// merge returns the text of a file with all mutants of its functions: a function f
// becomes f__0, its mutants f__1 and so on, and a new f asks the environment which
// of them to call. Compiling is what takes long, and is done once so. What is no
// change of a function, or of one that looks at the stack, is returned as it came.
func merge(root string, mutants []mutation) (text string, others []mutation, err error) {
	fset := token.NewFileSet()
	parsed, err := parser.ParseFile(fset, filepath.Join(root, mutants[0].file), nil, parser.SkipObjectResolution)
	if err != nil {
		return "", nil, err
	}
	offset := func(pos token.Pos) int { return fset.Position(pos).Offset }
	made := map[*ast.FuncDecl][]change{}
	for _, m := range mutants {
		var at change
		if text, at, err = m.locate(root); err != nil {
			return "", nil, err
		}
		f := function(parsed, func(f *ast.FuncDecl) bool {
			return f.Body != nil && offset(f.Body.Lbrace) < at.begin && at.end <= offset(f.Body.Rbrace)
		})
		if f == nil || looksAtStack(text[offset(f.Pos()):offset(f.End())]) {
			others = append(others, m)
			continue
		}
		made[f] = append(made[f], at)
	}
	which := "mutant__" + strings.TrimSuffix(filepath.Base(mutants[0].file), ".go")
	header := offset(parsed.Name.End())
	changes := []change{{begin: header, end: header, new: "; import mutant__os \"os\""}}
	added := fmt.Sprintf("\nvar %s = mutant__os.Getenv(%q)\n", which, variable)
	for f, own := range made {
		s := signature{text, offset, f}
		begin, end, name := offset(f.Pos()), offset(f.End()), offset(f.Name.End())
		changes = append(changes, change{begin: name, end: name, new: "__0"})
		var cases strings.Builder
		for i, c := range own {
			suffix := fmt.Sprintf("__%d", i+1)
			added += "\n" + cut(text[:end], []change{c, {begin: name, end: name, new: suffix}})[begin:] + "\n"
			fmt.Fprintf(&cases, "case %q: %s\n", c.trap, s.call(suffix))
		}
		added += fmt.Sprintf("\n%s {\nswitch %s {\n%sdefault: %s\n}\n}\n", s.declare(), which, cases.String(), s.call("__0"))
	}
	return cut(text, changes) + added, others, nil
}

func function(file *ast.File, is func(*ast.FuncDecl) bool) *ast.FuncDecl {
	for _, d := range file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && is(f) {
			return f
		}
	}
	return nil
}

// looksAtStack reports whether a function is another with a caller in between.
func looksAtStack(text string) bool {
	return strings.Contains(text, "recover()") || strings.Contains(text, "runtime.Callers(")
}

// A signature is a function's, whose receiver and parameters may have no names.
type signature struct {
	text   string
	offset func(token.Pos) int
	*ast.FuncDecl
}

func (s signature) of(n ast.Node) string { return s.text[s.offset(n.Pos()):s.offset(n.End())] }

// declare returns the function's head, with names for all that it is given.
func (s signature) declare() string {
	head := "func "
	if s.Recv != nil {
		head += "(r__ " + s.of(s.Recv.List[0].Type) + ") "
	}
	head += s.Name.Name
	if s.Type.TypeParams != nil {
		head += s.of(s.Type.TypeParams)
	}
	var params []string
	for _, field := range s.Type.Params.List {
		for range max(1, len(field.Names)) {
			params = append(params, fmt.Sprintf("p__%d %s", len(params), s.of(field.Type)))
		}
	}
	head += "(" + strings.Join(params, ", ") + ")"
	if s.Type.Results != nil {
		head += " " + s.of(s.Type.Results)
	}
	return head
}

// call returns the statement that hands over to the function of the name with a
// suffix.
func (s signature) call(suffix string) string {
	call := s.Name.Name + suffix
	if s.Recv != nil {
		call = "r__." + call
	}
	if s.Type.Results != nil {
		call = "return " + call
	}
	var types, values []string
	if s.Type.TypeParams != nil {
		for _, field := range s.Type.TypeParams.List {
			for _, name := range field.Names {
				types = append(types, name.Name)
			}
		}
		call += "[" + strings.Join(types, ", ") + "]"
	}
	for _, field := range s.Type.Params.List {
		for range max(1, len(field.Names)) {
			values = append(values, fmt.Sprintf("p__%d", len(values)))
		}
		if _, ok := field.Type.(*ast.Ellipsis); ok {
			values[len(values)-1] += "..."
		}
	}
	return call + "(" + strings.Join(values, ", ") + ")"
}
