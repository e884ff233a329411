#include "webapp/api/series.h"

#include <string.h>

static void append(struct printbuf *out, const char *text, size_t len)
{
    printbuf_memappend(out, text, (int)len);
}

static void append_seconds(struct printbuf *out, const char *ms, size_t len)
{
    if (len <= 3) {
        append(out, "0", 1);
        return;
    }
    append(out, ms, len - 3);
    append(out, ".", 1);
    append(out, ms + len - 3, 3);
}

void series_write_columns(MYSQL_RES *rows, struct printbuf *out)
{
    unsigned n = mysql_num_fields(rows);
    for (unsigned i = 0; i < n; i++) {
        const char *between = "";
        append(out, i == 0 ? "[[" : ",[", 2);
        mysql_data_seek(rows, 0);
        for (MYSQL_ROW row; (row = mysql_fetch_row(rows)) != NULL; between = ",") {
            unsigned long len = mysql_fetch_lengths(rows)[i];
            append(out, between, strlen(between));
            if (row[i] == NULL)
                append(out, "null", 4);
            else if (i == 0)
                append_seconds(out, row[i], len);
            else
                append(out, row[i], len);
        }
        append(out, "]", 1);
    }
    append(out, "]", 1);
}
