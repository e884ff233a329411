#include "shared/config/env.h"

#include "shared/base/alloc.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

static size_t name_length(const char *text)
{
    size_t n = 0;
    while (isalnum((unsigned char)text[n]) || text[n] == '_')
        n++;
    return n > 0 && isdigit((unsigned char)text[0]) ? 0 : n;
}

/* The value of the variable in "${NAME}" at ${text}; ${after} is set behind the brace. */
static const char *look_up(const char *text, const char **after, char **problem)
{
    const char *name = text + 2;
    size_t n = name_length(name);
    if (n == 0 || name[n] != '}') {
        *problem = xstrdup("${ begins the name of an environment variable, as in ${NAME}: correct "
                           "the name, or write $$ for a dollar sign");
        return NULL;
    }
    char *copy = xstrndup(name, n);
    const char *value = getenv(copy);
    if (value == NULL)
        *problem =
            xasprintf("the environment variable %.64s is not set: set it where dtuhub-collector "
                      "(with -t too) and dtuhub-webapp are started, or write $$ for a dollar sign",
                      copy);
    free(copy);
    *after = name + n + 1;
    return value;
}

char *env_expand(const char *text, char **problem)
{
    char *out = NULL;
    size_t len = 0;
    FILE *stream = open_memstream(&out, &len);
    if (stream == NULL)
        abort();
    const char *value = "";
    while (*text != '\0' && value != NULL) {
        if (text[0] == '$' && text[1] == '$') {
            fputc('$', stream);
            text += 2;
        } else if (text[0] == '$' && text[1] == '{') {
            value = look_up(text, &text, problem);
            fputs(value != NULL ? value : "", stream);
        } else {
            fputc(*text++, stream);
        }
    }
    if (fclose(stream) != 0)
        abort();
    if (value != NULL)
        return out;
    free(out);
    return NULL;
}
