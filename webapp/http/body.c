#include "webapp/http/body.h"

#include "shared/base/clock.h"
#include "webapp/http/moment.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool is_json(const char *type)
{
    static const char json[] = "application/json";
    size_t n = strlen(json);
    if (type == NULL || strncasecmp(type, json, n) != 0)
        return false;
    return type[n + strspn(type + n, " \t")] == '\0' || type[n + strspn(type + n, " \t")] == ';';
}

static struct json_object *parse(const char *text, size_t len)
{
    if (strspn(text, " \t\r\n") == len)
        return json_object_new_object();
    struct json_tokener *tokener = json_tokener_new_ex(BODY_DEPTH);
    if (tokener == NULL)
        abort();
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    struct json_object *body = json_tokener_parse_ex(tokener, text, (int)len);
    if (json_tokener_get_error(tokener) != json_tokener_success ||
        json_tokener_get_parse_end(tokener) != len ||
        !json_object_is_type(body, json_type_object)) {
        json_object_put(body);
        body = NULL;
    }
    json_tokener_free(tokener);
    return body;
}

enum body_verdict body_read(const struct request_source *source, struct json_object **out)
{
    char text[BODY_MAX_BYTES + 2];
    size_t len = 0, got = 1;
    *out = NULL;
    if (!is_json(source->content_type))
        return BODY_OTHER_TYPE;
    while (got > 0 && len <= BODY_MAX_BYTES) {
        got = source->read_body(source->body, text + len, sizeof(text) - 1 - len);
        len += got;
    }
    if (len > BODY_MAX_BYTES)
        return BODY_TOO_LARGE;
    text[len] = '\0';
    *out = parse(text, len);
    return *out != NULL ? BODY_GOOD : BODY_NO_OBJECT;
}

static struct json_object *member(struct json_object *body, const char *name)
{
    struct json_object *value = NULL;
    json_object_object_get_ex(body, name, &value);
    if (json_object_is_type(value, json_type_string) && json_object_get_string_len(value) == 0)
        return NULL;
    return value;
}

const char *body_text(struct json_object *body, const char *name)
{
    struct json_object *value = member(body, name);
    return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
}

static bool is_text(struct json_object *value, int64_t max)
{
    if (!json_object_is_type(value, json_type_string))
        return false;
    size_t len = (size_t)json_object_get_string_len(value);
    return (int64_t)len <= max && strlen(json_object_get_string(value)) == len;
}

static int take_time(struct json_object *body, const char *name, struct json_object *value,
                     int zone_min)
{
    char iso[CLOCK_ISO_SIZE];
    int64_t ms;
    if ((!json_object_is_type(value, json_type_string) &&
         !json_object_is_type(value, json_type_int)) ||
        moment_parse(json_object_get_string(value), zone_min, &ms) != 0)
        return -1;
    json_object_object_add(body, name, json_object_new_string(clock_iso(ms, iso)));
    return 0;
}

/* NULL, or the key of what is wrong. */
static const char *check_value(struct json_object *body, const struct member_rule *rule,
                               struct json_object *value, int zone_min)
{
    switch (rule->type) {
    case MEMBER_TEXT:
        return is_text(value, rule->max) ? NULL : "error.param.text";
    case MEMBER_TIME:
        return take_time(body, rule->name, value, zone_min) == 0 ? NULL : "error.param.time";
    case MEMBER_FLAG:
        return json_object_is_type(value, json_type_boolean) ? NULL : "error.param.flag";
    case MEMBER_OBJECT:
        return json_object_is_type(value, json_type_object) ? NULL : "error.param.object";
    }
    abort();
}

static bool has_rule(const struct member_rule *rules, const char *name)
{
    while (rules->name != NULL && strcmp(rules->name, name) != 0)
        rules++;
    return rules->name != NULL;
}

int body_check(struct json_object *body, const struct member_rule *rules, int zone_min,
               struct member_fault *fault)
{
    json_object_object_foreach(body, name, ignored)
    {
        (void)ignored;
        *fault = (struct member_fault){.name = name, .key = "error.param.unknown"};
        if (!has_rule(rules, name))
            return -1;
    }
    for (const struct member_rule *rule = rules; rule->name != NULL; rule++) {
        struct json_object *value = member(body, rule->name);
        *fault = (struct member_fault){.name = rule->name, .max = rule->max};
        if (value != NULL)
            fault->key = check_value(body, rule, value, zone_min);
        else if (rule->required)
            fault->key = "error.param.missing";
        if (fault->key != NULL)
            return -1;
    }
    return 0;
}
