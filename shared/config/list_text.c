#include "shared/config/list_text.h"

#include "shared/base/alloc.h"
#include "shared/base/cidr.h"
#include "shared/config/quote.h"
#include "shared/config/settings.h"

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

char *list_text_check_cidrs(const char *list)
{
    char *problem = NULL;
    cidr_list_free(cidr_list_parse(list, &problem));
    return problem;
}
