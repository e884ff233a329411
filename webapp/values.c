#include "webapp/values.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void values_text(struct json_object *object, const char *key, const char *text)
{
    if (text != NULL)
        json_object_object_add(object, key, json_object_new_string(text));
}

void values_owned(struct json_object *object, const char *key, char *text)
{
    values_text(object, key, text);
    free(text);
}

void values_flag(struct json_object *object, const char *key, bool flag)
{
    json_object_object_add(object, key, json_object_new_boolean(flag));
}

void values_count(struct json_object *object, const char *key, int64_t n)
{
    char plain[24], grouped[32];
    size_t len = (size_t)snprintf(plain, sizeof(plain), "%lld", (long long)n), used = 0;
    for (size_t i = 0; i < len; i++) {
        if (i > 0 && plain[i - 1] != '-' && (len - i) % 3 == 0)
            grouped[used++] = ',';
        grouped[used++] = plain[i];
    }
    grouped[used] = '\0';
    values_text(object, key, grouped);
}

const char *values_get(struct json_object *object, const char *key)
{
    struct json_object *value;
    if (!json_object_object_get_ex(object, key, &value) ||
        !json_object_is_type(value, json_type_string))
        return NULL;
    return json_object_get_string(value);
}
