package catalog

// Table returns the table of that name, or nil.
func (c *Catalog) Table(name Name) *Table {
	if index := c.index.Load(); index != nil && len(*index) == len(c.Tables) {
		return (*index)[name]
	}
	index := make(map[Name]*Table, len(c.Tables))
	for _, t := range c.Tables {
		index[t.Name] = t
	}
	c.index.Store(&index)
	return index[name]
}

// Column returns the column of that name, or nil.
func (t *Table) Column(name string) *Column {
	for i := range t.Columns {
		if t.Columns[i].Name == name {
			return &t.Columns[i]
		}
	}
	return nil
}

// Constraint returns the constraint of that name, or nil.
func (t *Table) Constraint(name string) *Constraint {
	for i := range t.Constraints {
		if t.Constraints[i].Name == name {
			return &t.Constraints[i]
		}
	}
	return nil
}

// Index returns the index of that name, or nil.
func (t *Table) Index(name string) *Index {
	for i := range t.Indexes {
		if t.Indexes[i].Name == name {
			return &t.Indexes[i]
		}
	}
	return nil
}

// Trigger returns the trigger of that name, or nil.
func (t *Table) Trigger(name string) *Trigger {
	for i := range t.Triggers {
		if t.Triggers[i].Name == name {
			return &t.Triggers[i]
		}
	}
	return nil
}

// PrimaryKey returns the table's primary key, or nil.
func (t *Table) PrimaryKey() *Constraint {
	for i := range t.Constraints {
		if t.Constraints[i].Kind == PrimaryKey {
			return &t.Constraints[i]
		}
	}
	return nil
}

// Policy returns the policy of that name, or nil.
func (t *Table) Policy(name string) *Policy {
	for i := range t.Policies {
		if t.Policies[i].Name == name {
			return &t.Policies[i]
		}
	}
	return nil
}

// Definition returns the definition of an object of a table. The object is a
// "column", "constraint", "index", "policy" or "trigger" with that name, or
// "replica identity", "row security", "distribution" or "local rows", which have no
// name. The result is empty if the object, the table or the kind of object does not
// exist.
func (c *Catalog) Definition(table Name, object, name string) string {
	t := c.Table(table)
	if t == nil {
		return ""
	}
	switch object {
	case "column":
		if column := t.Column(name); column != nil {
			return column.Definition()
		}
	case "constraint":
		if constraint := t.Constraint(name); constraint != nil {
			return constraint.Definition()
		}
	case "index":
		if index := t.Index(name); index != nil {
			return index.Definition()
		}
	case "policy":
		if policy := t.Policy(name); policy != nil {
			return policy.Definition()
		}
	case "replica identity":
		return t.identity()
	case "row security":
		return t.rowSecurity()
	case "trigger":
		if trigger := t.Trigger(name); trigger != nil {
			return trigger.Definition()
		}
	case "distribution":
		return t.Distribution.Definition()
	case "local rows":
		return t.Distribution.localRows()
	}
	return ""
}
