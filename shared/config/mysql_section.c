#include "shared/base/alloc.h"
#include "shared/config/server_config.h"

#include <stdlib.h>
#include <string.h>

static char *copy(const char *text)
{
    return text != NULL ? xstrdup(text) : NULL;
}

void mysql_section_copy(struct mysql_section *to, const struct mysql_section *from)
{
    *to = *from;
    to->host = copy(from->host);
    to->socket = copy(from->socket);
    to->user = copy(from->user);
    to->password = copy(from->password);
    to->password_file = NULL;
    to->database = copy(from->database);
}

void mysql_section_clear(struct mysql_section *section)
{
    free(section->host);
    free(section->socket);
    free(section->user);
    if (section->password != NULL)
        explicit_bzero(section->password, strlen(section->password));
    free(section->password);
    free(section->password_file);
    free(section->database);
    *section = (struct mysql_section){0};
}
