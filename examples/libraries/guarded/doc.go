// Package guarded holds the program of docs/recipes.md that needs PostgreSQL's parser,
// and so a C compiler.
package guarded
