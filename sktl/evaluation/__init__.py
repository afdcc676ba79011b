"""From records to statistics, tables, figures and a report. Reads records, trains nothing."""
