#include "webapp/export/csv.h"

#include <string.h>

void csv_text_cell(const char *text, struct printbuf *out)
{
    const char *guard = text[0] != '\0' && strchr("=+-@\t\r", text[0]) != NULL ? "'" : "";
    if (strpbrk(text, ",\"\r\n") == NULL) {
        sprintbuf(out, "%s", guard);
        printbuf_memappend(out, text, (int)strlen(text));
        return;
    }
    printbuf_memappend(out, "\"", 1);
    printbuf_memappend(out, guard, (int)strlen(guard));
    for (const char *p = text; *p != '\0'; p++)
        printbuf_memappend(out, *p == '"' ? "\"\"" : p, *p == '"' ? 2 : 1);
    printbuf_memappend(out, "\"", 1);
}
