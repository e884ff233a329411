/* Columns for charts: one array for the times, one for each curve, as uPlot takes them. */
#ifndef DTUHUB_WEBAPP_API_SERIES_H
#define DTUHUB_WEBAPP_API_SERIES_H

#include <json-c/printbuf.h>
#include <mysql.h>

/**
 * series_write_columns(rows, out): append "[[first column],[second],...]" of a result in memory.
 * The first column is milliseconds and is written as seconds; empty cells become null.
 */
void series_write_columns(MYSQL_RES *rows, struct printbuf *out);

#endif
