#include "shared/config/list_text.h"

#include "shared/base/alloc.h"
#include "shared/base/cidr.h"
#include "shared/config/quote.h"
#include "shared/config/settings.h"

#include <fnmatch.h>
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

char **list_text_split(const char *list)
{
    if (list == NULL || *list == '\0')
        return NULL;
    size_t len = strlen(list), n = 1, at = 0;
    for (size_t i = 0; i < len; i++)
        n += list[i] == ',';
    char **parts = xcalloc(1, (n + 1) * sizeof(*parts) + len + 1);
    char *text = memcpy(parts + n + 1, list, len + 1);
    for (char *part; (part = strsep(&text, ",")) != NULL;)
        parts[at++] = part;
    parts[at] = NULL;
    return parts;
}

bool list_text_matches(char *const *patterns, const char *text)
{
    if (patterns == NULL)
        return true;
    for (; text != NULL && *patterns != NULL; patterns++) {
        if (fnmatch(*patterns, text, 0) == 0)
            return true;
    }
    return false;
}

bool list_text_has(char *const *wanted, const char *list)
{
    if (wanted == NULL)
        return true;
    while (list != NULL && *list != '\0') {
        size_t len = strcspn(list, ",");
        for (char *const *part = wanted; *part != NULL; part++) {
            if (strlen(*part) == len && memcmp(*part, list, len) == 0)
                return true;
        }
        list += len + (list[len] == ',');
    }
    return false;
}

bool list_text_is_pattern(const char *part)
{
    return strpbrk(part, "*?[") != NULL;
}
