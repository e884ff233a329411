#include "webapp/http/request.h"

#include "webapp/http/percent.h"

#include <stdlib.h>
#include <string.h>

static enum http_method method_of(const char *name)
{
    if (name == NULL)
        return METHOD_OTHER;
    if (strcmp(name, "GET") == 0)
        return METHOD_GET;
    if (strcmp(name, "HEAD") == 0)
        return METHOD_HEAD;
    return strcmp(name, "POST") == 0 ? METHOD_POST : METHOD_OTHER;
}

/* Decode one "name=value" into the room at *out. */
static int add_param(struct request *request, const char *pair, size_t len, char **out)
{
    if (request->nparams == REQUEST_PARAMS_MAX)
        return -1;
    const char *equals = memchr(pair, '=', len);
    size_t name_len = equals ? (size_t)(equals - pair) : len;
    char *name = *out, *value = name + name_len + 1;
    if (percent_decode(pair, name_len, name, true) != 0)
        return -1;
    value[0] = '\0';
    if (equals != NULL && percent_decode(equals + 1, len - name_len - 1, value, true) != 0)
        return -1;
    *out = value + strlen(value) + 1;
    request->params[request->nparams++] = (struct request_param){name, value};
    return 0;
}

int request_parse(struct request *request, const struct request_source *source)
{
    *request =
        (struct request){.method = method_of(source->method), .query = "", .source = *source};
    if (source->uri == NULL || source->uri[0] != '/')
        return -1;
    size_t len = strlen(source->uri);
    /* The raw URI, then the decoded pairs, which are never longer than their text and two NULs
     * each. */
    request->memory = malloc(2 * len + 2 * REQUEST_PARAMS_MAX + 2);
    if (request->memory == NULL)
        return -1;
    memcpy(request->memory, source->uri, len + 1);
    request->path = request->memory;
    char *mark = strchr(request->path, '?');
    if (mark == NULL)
        return 0;
    *mark = '\0';
    request->query = mark + 1;
    char *room = request->memory + len + 1;
    for (const char *p = request->query; *p != '\0';) {
        size_t n = strcspn(p, "&");
        if (n > 0 && add_param(request, p, n, &room) != 0)
            return -1;
        p += n + (p[n] == '&');
    }
    request->nquery = request->nparams;
    return 0;
}

int request_add_param(struct request *request, const char *name, const char *value)
{
    if (request->nparams == REQUEST_PARAMS_MAX)
        return -1;
    request->params[request->nparams++] = (struct request_param){name, value};
    return 0;
}

void request_clear(struct request *request)
{
    free(request->memory);
    *request = (struct request){.query = ""};
}

const char *request_param(const struct request *request, const char *name)
{
    for (size_t i = 0; i < request->nparams; i++) {
        if (strcmp(request->params[i].name, name) == 0)
            return request->params[i].value;
    }
    return NULL;
}

bool request_cookie(const struct request *request, const char *name, char *out, size_t size)
{
    size_t name_len = strlen(name);
    for (const char *p = request->source.cookie; p != NULL && *p != '\0';) {
        p += strspn(p, "; ");
        size_t n = strcspn(p, ";");
        if (n > name_len && p[name_len] == '=' && memcmp(p, name, name_len) == 0) {
            size_t len = n - name_len - 1;
            if (len >= size)
                return false;
            memcpy(out, p + name_len + 1, len);
            out[len] = '\0';
            return true;
        }
        p += n;
    }
    return false;
}
