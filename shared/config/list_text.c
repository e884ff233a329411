#include "shared/config/list_text.h"

#include "shared/base/alloc.h"
#include "shared/config/quote.h"
#include "shared/config/settings.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

char *list_text_normal(const char *text)
{
    char *out = xcalloc(strlen(text) + 1, 1), *end = out;
    while (*text != '\0') {
        size_t len = strcspn(text, ","), blanks = strspn(text, " \t");
        const char *next = text + len + (text[len] == ',');
        if (blanks > len)
            blanks = len;
        text += blanks;
        len -= blanks;
        while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t'))
            len--;
        if (len > 0 && end > out)
            *end++ = ',';
        memcpy(end, text, len);
        end += len;
        text = next;
    }
    return out;
}

static bool is_cidr(const char *text)
{
    struct in6_addr address;
    char host[64];
    uint32_t bits = 0;
    size_t len = strcspn(text, "/");
    if (len >= sizeof(host))
        return false;
    memcpy(host, text, len);
    host[len] = '\0';
    bool v4 = inet_pton(AF_INET, host, &address) == 1;
    if (!v4 && inet_pton(AF_INET6, host, &address) != 1)
        return false;
    return text[len] == '\0' ||
           (settings_parse_uint(text + len + 1, &bits) == 0 && bits <= (v4 ? 32u : 128u));
}

char *list_text_check_cidrs(const char *list)
{
    char *copy = xstrdup(list), *rest = copy, *part, *problem = NULL;
    while (problem == NULL && (part = strsep(&rest, ",")) != NULL) {
        if (*part != '\0' && !is_cidr(part))
            problem = xasprintf("%s is neither an address nor a network: write it like 10.0.0.0/8, "
                                "several with commas",
                                QUOTE(part));
    }
    free(copy);
    return problem;
}
