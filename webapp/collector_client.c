#include "webapp/collector_client.h"

#include "webapp/progress.h"

#include <curl/curl.h>
#include <json-c/json.h>
#include <json-c/printbuf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ANSWER_TIMEOUT_MS = 500, ANSWER_MAX_BYTES = 16 << 20, URL_MAX_BYTES = 4096 };

struct collector_client {
    CURL *curl; /* NULL where no control socket is configured */
    struct curl_slist *headers;
    struct printbuf *answer;
};

static size_t take(char *bytes, size_t one, size_t n, void *cookie)
{
    struct collector_client *client = cookie;
    if (client->answer->bpos + n > ANSWER_MAX_BYTES)
        return 0;
    return printbuf_memappend(client->answer, bytes, (int)(one * n)) < 0 ? 0 : one * n;
}

struct collector_client *collector_client_new(const char *socket_path)
{
    struct collector_client *client = calloc(1, sizeof(*client));
    if (client == NULL || (client->answer = printbuf_new()) == NULL)
        abort();
    if (socket_path == NULL)
        return client;
    client->curl = curl_easy_init();
    client->headers = curl_slist_append(NULL, "Content-Type: application/json");
    if (client->curl == NULL || client->headers == NULL)
        abort();
    curl_easy_setopt(client->curl, CURLOPT_UNIX_SOCKET_PATH, socket_path);
    curl_easy_setopt(client->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(client->curl, CURLOPT_PROXY, "");
    curl_easy_setopt(client->curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(client->curl, CURLOPT_WRITEDATA, client);
    return client;
}

void collector_client_free(struct collector_client *client)
{
    if (client == NULL)
        return;
    if (client->curl != NULL)
        curl_easy_cleanup(client->curl);
    curl_slist_free_all(client->headers);
    printbuf_free(client->answer);
    free(client);
}

/* What is asked for is set in ${client}. */
static CURLcode perform(struct collector_client *client, const char *path, int64_t timeout_ms,
                        long *code)
{
    char url[URL_MAX_BYTES];
    *code = 0;
    if (client->curl == NULL ||
        snprintf(url, sizeof(url), "http://collector%s", path) >= (int)sizeof(url))
        return CURLE_COULDNT_CONNECT;
    printbuf_reset(client->answer);
    curl_easy_setopt(client->curl, CURLOPT_URL, url);
    curl_easy_setopt(client->curl, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
    progress_mark();
    CURLcode rc = curl_easy_perform(client->curl);
    progress_mark();
    if (rc == CURLE_OK)
        curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, code);
    return rc;
}

struct json_object *collector_client_get(struct collector_client *client, const char *path,
                                         long *code)
{
    CURLcode rc = perform(client, path, ANSWER_TIMEOUT_MS, code);
    return rc == CURLE_OK && *code == 200 ? json_tokener_parse(client->answer->buf) : NULL;
}

/* Over a connection of its own: that a kept one has died would show only after the request went
 * out, and then nobody knows what became of it. */
struct json_object *collector_client_post(struct collector_client *client, const char *path,
                                          struct json_object *body, int64_t timeout_ms, long *code)
{
    size_t len;
    const char *text = json_object_to_json_string_length(
        body, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &len);
    curl_easy_setopt(client->curl, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, client->headers);
    curl_easy_setopt(client->curl, CURLOPT_POSTFIELDS, text);
    curl_easy_setopt(client->curl, CURLOPT_POSTFIELDSIZE, (long)len);
    CURLcode rc = perform(client, path, timeout_ms, code);
    curl_easy_setopt(client->curl, CURLOPT_HTTPGET, 1L);
    curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, NULL);
    curl_easy_setopt(client->curl, CURLOPT_FRESH_CONNECT, 0L);
    if (rc == CURLE_OK)
        return json_tokener_parse(client->answer->buf);
    *code = rc == CURLE_COULDNT_CONNECT ? COLLECTOR_AWAY : COLLECTOR_SILENT;
    return NULL;
}

struct json_object *collector_client_status(struct collector_client *client)
{
    long code;
    struct json_object *status = collector_client_get(client, "/status", &code);
    if (status != NULL && !json_object_is_type(status, json_type_object)) {
        json_object_put(status);
        return NULL;
    }
    return status;
}
