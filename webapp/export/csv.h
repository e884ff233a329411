/*
 * CSV as RFC 4180 has it: CRLF, cells quoted where they must be. Text cells that a spreadsheet
 * would run as a formula get a leading apostrophe. Pure.
 */
#ifndef DTUHUB_WEBAPP_EXPORT_CSV_H
#define DTUHUB_WEBAPP_EXPORT_CSV_H

#include <json-c/printbuf.h>

#define CSV_BOM "\xef\xbb\xbf"

/** csv_text_cell(text, out): append ${text} as one cell that holds text from outside. */
void csv_text_cell(const char *text, struct printbuf *out);

#endif
