#include "shared/config/webhook_headers.h"

#include "shared/base/alloc.h"
#include "shared/config/quote.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { HEADERS_MAX = 32, NAME_MAX_BYTES = 100, VALUE_MAX = 4095 };

/* Headers that the request makes itself, and whose second one would break it. */
static const char *const ours[] = {
    "Host",   "Content-Length", "Transfer-Encoding", "Connection",
    "Expect", "webhook-id",     "webhook-timestamp", "webhook-signature"};

static char *name_problem(const char *name)
{
    size_t len = strlen(name);
    if (len == 0 || len > NAME_MAX_BYTES ||
        strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != len)
        return xasprintf("%s is no name of a header: write letters, digits, - and _, %d at the "
                         "most",
                         QUOTE(name), NAME_MAX_BYTES);
    if (strcasecmp(name, "Content-Type") == 0)
        return xstrdup("Content-Type goes with the format: leave it out, or write \"content_type: "
                       "...\" with format template");
    for (size_t i = 0; i < sizeof(ours) / sizeof(*ours); i++) {
        if (strcasecmp(name, ours[i]) == 0)
            return xasprintf("%s is set by the request itself: leave it out", ours[i]);
    }
    return NULL;
}

/* Whether every name is fit to be one. */
static bool check_names(const struct settings_reader *reader, const struct settings_place *place)
{
    size_t before = reader->faults->count, n = yaml_doc_count(place->node);
    if (n > HEADERS_MAX)
        faults_add(reader->faults, yaml_doc_name(reader->doc), place->line,
                   "%s: %zu headers are too many: %d at the most", place->path, n, HEADERS_MAX);
    for (size_t i = 0; i < n; i++) {
        struct yaml_pair pair = yaml_doc_pair(reader->doc, place->node, i);
        char *problem = name_problem(pair.key);
        if (problem != NULL)
            faults_add(reader->faults, yaml_doc_name(reader->doc), pair.line, "%s: %s", place->path,
                       problem);
        free(problem);
    }
    return reader->faults->count == before;
}

/* A line break would end the header, and begin another of the value's choice. */
static void check_value(const struct settings_reader *reader, const struct settings_place *place,
                        const struct webhook_header *header, unsigned line)
{
    const unsigned char *at = (const unsigned char *)header->value;
    while (*at == '\t' || (*at >= ' ' && *at != 0x7f))
        at++;
    if (*at != '\0')
        faults_add(reader->faults, yaml_doc_name(reader->doc), line,
                   "%s.%s: line breaks or other control characters in it: write it on one line, "
                   "without them",
                   place->path, header->name);
}

/* The names are the user's: so is the table. */
static void read_values(const struct settings_reader *reader, const struct settings_place *place,
                        struct setting *settings, struct webhook_target *out)
{
    size_t n = yaml_doc_count(place->node);
    char **values = xcalloc(n, sizeof(*values));
    unsigned *lines = xcalloc(n, sizeof(*lines));
    for (size_t i = 0; i < n; i++)
        settings[i] = (struct setting){.path = yaml_doc_pair(reader->doc, place->node, i).key,
                                       .help = "a header",
                                       .max = VALUE_MAX,
                                       .offset = i * sizeof(*values),
                                       .type = SETTING_SECRET};
    const struct settings_table table = {.settings = settings, .count = n};
    settings_read(reader, place, &table, values, lines);
    out->headers = xcalloc(n, sizeof(*out->headers));
    for (size_t i = 0; i < n; i++) {
        if (values[i] == NULL) /* null, or in fault */
            continue;
        struct webhook_header *header = &out->headers[out->nheaders++];
        *header = (struct webhook_header){xstrdup(settings[i].path), values[i]};
        check_value(reader, place, header, lines[i]);
    }
    free(values);
    free(lines);
}

void webhook_headers_read(const struct settings_reader *reader, const struct settings_place *place,
                          struct webhook_target *out)
{
    size_t n = yaml_doc_count(place->node);
    if (n == 0 || !check_names(reader, place))
        return;
    struct setting *settings = xcalloc(n, sizeof(*settings));
    read_values(reader, place, settings, out);
    free(settings);
}
