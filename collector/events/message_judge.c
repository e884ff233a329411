/* What the answer to a webhook means. */
#include "collector/events/message.h"

#include "shared/base/alloc.h"
#include "shared/base/text.h"

#include <curl/curl.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RETRY_AFTER_MOST_S = 24 * 3600 };

/* What a robot says why, which may be any bytes: on its way into the database and JSON. */
static void say_refused(const char *key, int64_t code, struct json_object *text,
                        char why[MESSAGE_ERROR_SIZE])
{
    char shown[161];
    const char *said = text != NULL ? json_object_get_string(text) : "";
    text_printable(said, strlen(said), shown, sizeof(shown));
    snprintf(why, MESSAGE_ERROR_SIZE, "%s %lld: %s", key, (long long)code, shown);
}

/* Robots answer 200 also where they refuse: {"errcode": 310000, "errmsg": "..."}, or code and msg.
 */
static bool is_refused(const char *body, size_t size, char why[MESSAGE_ERROR_SIZE])
{
    static const char *const codes[][2] = {
        {"errcode", "errmsg"}, {"code", "msg"}, {"StatusCode", "StatusMessage"}};
    struct json_tokener *tokener = json_tokener_new();
    struct json_object *answer = json_tokener_parse_ex(tokener, body, (int)size);
    struct json_object *code, *text = NULL;
    bool refused = false;
    for (size_t i = 0; i < 3 && !refused; i++) {
        if (!json_object_is_type(answer, json_type_object) ||
            !json_object_object_get_ex(answer, codes[i][0], &code) ||
            json_object_get_int64(code) == 0)
            continue;
        refused = true;
        json_object_object_get_ex(answer, codes[i][1], &text);
        say_refused(codes[i][0], json_object_get_int64(code), text, why);
    }
    json_object_put(answer);
    json_tokener_free(tokener);
    return refused;
}

enum answer_verdict message_judge(const struct webhook_target *target, long status,
                                  const char *body, size_t size, char why[MESSAGE_ERROR_SIZE])
{
    why[0] = '\0';
    if (status >= 200 && status < 300)
        return webhook_is_robot(target->format) && is_refused(body, size, why) ? ANSWER_AGAIN
                                                                               : ANSWER_DELIVERED;
    if (status >= 300 && status < 400)
        snprintf(why, MESSAGE_ERROR_SIZE,
                 "status %ld: redirects are not followed: write the final URL", status);
    else
        snprintf(why, MESSAGE_ERROR_SIZE, "status %ld", status);
    if (status == 410)
        return ANSWER_GONE;
    if (status == 413 || status == 414 || status == 431) /* it will not get smaller */
        return ANSWER_REFUSED;
    return ANSWER_AGAIN;
}

int64_t message_retry_after(const char *value, int64_t now_ms)
{
    int64_t wait_s;
    if (value == NULL)
        return 0;
    value += strspn(value, " \t");
    if (value[0] != '\0' && value[strspn(value, "0123456789")] == '\0') {
        wait_s = strlen(value) > 9 ? RETRY_AFTER_MOST_S : strtol(value, NULL, 10);
    } else {
        int64_t at_s = curl_getdate(value, NULL);
        wait_s = at_s < 0 ? 0 : at_s - now_ms / 1000;
    }
    if (wait_s < 0)
        wait_s = 0;
    return (wait_s < RETRY_AFTER_MOST_S ? wait_s : RETRY_AFTER_MOST_S) * 1000;
}

char *message_visible_url(const char *url)
{
    const char *slashes = strstr(url, "://");
    if (slashes == NULL)
        return xstrdup("...");
    const char *host = slashes + 3;
    size_t end = strcspn(host, "/?#");
    const char *at = memchr(host, '@', end);
    int host_size = (int)(end - (at != NULL ? (size_t)(at + 1 - host) : 0));
    if (at != NULL)
        host = at + 1;
    /* A path, or what follows it, is where robots have their key. */
    return xasprintf("%.*s://%.*s%s", (int)(slashes - url), url, host_size, host,
                     host[host_size] != '\0' && strcmp(host + host_size, "/") != 0 ? "/..." : "/");
}
