-- Failed rows of an import are kept as the file has them. The header that they are below, of each table of the file.
alter table import_job add column headings jsonb;  -- null: the rows are JSON, or from before this
