"""What every room stands on: database, actor, events, errors, clock, paging, language. A toolbox, imported by file."""
