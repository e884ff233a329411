#include "shared/config/template_text.h"

#include "shared/base/alloc.h"

#include <string.h>

struct mustache *template_text_parse(const char *path, const char *text, char **problem)
{
    char error[MUSTACHE_ERROR_SIZE];
    struct mustache *template = mustache_parse("", text, strlen(text), error);
    *problem = NULL;
    if (template == NULL) { /* ":LINE: what is wrong" */
        size_t digits = strspn(error + 1, "0123456789");
        *problem = xasprintf("line %.*s of it%s", (int)digits, error + 1, error + 1 + digits);
        return NULL;
    }
    mustache_free(template);
    return mustache_parse(path, text, strlen(text), error);
}
