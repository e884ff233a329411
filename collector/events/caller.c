#include "collector/events/caller.h"

#include "collector/events/hide.h"
#include "shared/base/alloc.h"
#include "shared/base/clock.h"
#include "shared/base/version.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

enum {
    ANSWER_KEPT = 4096,    /* bytes of an answer that are looked at */
    ANSWER_MOST = 1 << 20, /* an answer is not read further */
    CONNECTIONS_KEPT = 64,
};

struct call {
    LIST_ENTRY(call) link;
    struct caller *caller;
    CURL *easy;
    struct curl_slist *headers;
    struct hidden *hidden;
    caller_done *done;
    void *cookie;
    int64_t started_ms;
    char denied[INET6_ADDRSTRLEN]; /* the address that was not connected to; "" */
    char error[CURL_ERROR_SIZE];
    char body[ANSWER_KEPT];
    size_t size, read;
};

LIST_HEAD(call_list, call);

struct caller {
    struct event_base *base;
    struct event *timer;
    CURLM *multi;
    const struct guard *guard;
    struct call_list calls;
};

/* Answers */

static const char *why(const struct call *call, CURLcode code, char text[256])
{
    if (call->denied[0] != '\0')
        snprintf(text, 256, "the address %s is not called: webhooks.deny", call->denied);
    else if (call->read > ANSWER_MOST)
        snprintf(text, 256, "the answer is longer than %d bytes", ANSWER_MOST);
    else
        snprintf(text, 256, "%s", call->error[0] ? call->error : curl_easy_strerror(code));
    return text;
}

static void free_call(struct call *call)
{
    LIST_REMOVE(call, link);
    curl_multi_remove_handle(call->caller->multi, call->easy);
    curl_easy_cleanup(call->easy);
    curl_slist_free_all(call->headers);
    hidden_free(call->hidden);
    free(call);
}

static void finish(struct call *call, CURLcode code)
{
    struct curl_header *header;
    struct call_result result = {
        .body = call->body, .size = call->size, .took_ms = clock_mono_ms() - call->started_ms};
    if (code == CURLE_OK)
        curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &result.status);
    else
        why(call, code, result.error);
    if (curl_easy_header(call->easy, "Retry-After", 0, CURLH_HEADER, -1, &header) == CURLHE_OK)
        result.retry_after = header->value;
    hidden_mask(call->hidden, call->body, call->size);
    call->done(call->cookie, &result);
    free_call(call);
}

static void finish_all(struct caller *caller)
{
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(caller->multi, &left)) != NULL) {
        struct call *call;
        if (message->msg != CURLMSG_DONE)
            continue;
        CURLcode code = message->data.result;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &call);
        finish(call, code);
    }
}

/* The loop's side */

static void on_socket_event(evutil_socket_t fd, short what, void *cookie)
{
    struct caller *caller = cookie;
    int running;
    int action = (what & EV_READ ? CURL_CSELECT_IN : 0) | (what & EV_WRITE ? CURL_CSELECT_OUT : 0);
    curl_multi_socket_action(caller->multi, fd, action, &running);
    finish_all(caller);
}

static void on_timer(evutil_socket_t fd, short what, void *cookie)
{
    struct caller *caller = cookie;
    int running;
    (void)fd, (void)what;
    curl_multi_socket_action(caller->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    finish_all(caller);
}

static int set_socket(CURL *easy, curl_socket_t fd, int what, void *cookie, void *known)
{
    struct caller *caller = cookie;
    struct event *event = known;
    (void)easy;
    if (event != NULL)
        event_free(event);
    if (what == CURL_POLL_REMOVE) {
        curl_multi_assign(caller->multi, fd, NULL);
        return 0;
    }
    short wanted = (short)((what & CURL_POLL_IN ? EV_READ : 0) |
                           (what & CURL_POLL_OUT ? EV_WRITE : 0) | EV_PERSIST);
    event = event_new(caller->base, fd, wanted, on_socket_event, caller);
    event_add(event, NULL);
    curl_multi_assign(caller->multi, fd, event);
    return 0;
}

static int set_timer(CURLM *multi, long ms, void *cookie)
{
    struct caller *caller = cookie;
    struct timeval tv = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
    (void)multi;
    if (ms < 0)
        event_del(caller->timer);
    else
        event_add(caller->timer, &tv);
    return 0;
}

/* Connections */

/* Every connection is made here, with the address that the name was resolved to at last. */
static curl_socket_t open_socket(void *cookie, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct call *call = cookie;
    const void *bytes = address->family == AF_INET
                            ? (void *)&((struct sockaddr_in *)(void *)&address->addr)->sin_addr
                            : (void *)&((struct sockaddr_in6 *)(void *)&address->addr)->sin6_addr;
    if (purpose == CURLSOCKTYPE_IPCXN && guard_allows(call->caller->guard, &address->addr))
        return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (inet_ntop(address->family, bytes, call->denied, sizeof(call->denied)) == NULL)
        strcpy(call->denied, "?");
    errno = EACCES;
    return CURL_SOCKET_BAD;
}

/* Every request passes here, also on a connection that was kept: the guard may be a newer one than
 * that which it was made under. */
static int allow_request(void *cookie, char *peer, char *own, int peer_port, int own_port)
{
    struct call *call = cookie;
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    const struct sockaddr *address = (const struct sockaddr *)&v4;
    (void)own, (void)peer_port, (void)own_port;
    if (inet_pton(AF_INET6, peer, &v6.sin6_addr) == 1)
        address = (const struct sockaddr *)&v6;
    else if (inet_pton(AF_INET, peer, &v4.sin_addr) != 1)
        address = NULL;
    if (address != NULL && guard_allows(call->caller->guard, address))
        return CURL_PREREQFUNC_OK;
    snprintf(call->denied, sizeof(call->denied), "%s", peer);
    return CURL_PREREQFUNC_ABORT;
}

static size_t take_body(char *bytes, size_t one, size_t size, void *cookie)
{
    struct call *call = cookie;
    size_t room = ANSWER_KEPT - call->size, kept = size < room ? size : room;
    memcpy(call->body + call->size, bytes, kept);
    call->size += kept;
    call->read += size;
    return call->read > ANSWER_MOST ? 0 : one * size;
}

/* Calls */

static void set_limits(CURL *easy, const struct webhook_target *target)
{
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_PROXY, ""); /* nor one that the environment names */
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)target->timeout_ms);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)target->connect_timeout_ms);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    if (target->ca_file != NULL)
        curl_easy_setopt(easy, CURLOPT_CAINFO, target->ca_file);
}

static void set_request(struct call *call, const struct message *message)
{
    CURL *easy = call->easy;
    for (char **header = message->headers; *header != NULL; header++)
        call->headers = curl_slist_append(call->headers, *header);
    call->headers = curl_slist_append(call->headers, "Expect:"); /* bodies are small */
    curl_easy_setopt(easy, CURLOPT_URL, message->url);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "dtuhub/" DTUHUB_VERSION);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, call->headers);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)message->size);
    curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, message->body);
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, message->method);
}

static void set_callbacks(struct call *call)
{
    CURL *easy = call->easy;
    curl_easy_setopt(easy, CURLOPT_PRIVATE, call);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, call->error);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, call);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, call);
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, allow_request);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, call);
}

struct call *caller_call(struct caller *caller, const struct webhook_target *target,
                         const struct message *message, caller_done *done, void *cookie)
{
    struct call *call = xcalloc(1, sizeof(*call));
    call->caller = caller;
    call->done = done;
    call->cookie = cookie;
    call->started_ms = clock_mono_ms();
    call->hidden = hidden_new(target);
    call->easy = curl_easy_init();
    LIST_INSERT_HEAD(&caller->calls, call, link);
    if (call->easy == NULL)
        abort(); /* no memory */
    set_limits(call->easy, target);
    set_request(call, message);
    set_callbacks(call);
    curl_multi_add_handle(caller->multi, call->easy); /* it begins with the timer */
    return call;
}

void caller_cancel(struct caller *caller, struct call *call)
{
    (void)caller;
    free_call(call);
}

struct caller *caller_new(struct event_base *base)
{
    struct caller *caller = xcalloc(1, sizeof(*caller));
    curl_global_init(CURL_GLOBAL_DEFAULT);
    caller->base = base;
    LIST_INIT(&caller->calls);
    caller->timer = event_new(base, -1, 0, on_timer, caller);
    caller->multi = curl_multi_init();
    curl_multi_setopt(caller->multi, CURLMOPT_SOCKETFUNCTION, set_socket);
    curl_multi_setopt(caller->multi, CURLMOPT_SOCKETDATA, caller);
    curl_multi_setopt(caller->multi, CURLMOPT_TIMERFUNCTION, set_timer);
    curl_multi_setopt(caller->multi, CURLMOPT_TIMERDATA, caller);
    curl_multi_setopt(caller->multi, CURLMOPT_MAXCONNECTS, (long)CONNECTIONS_KEPT);
    return caller;
}

void caller_guard(struct caller *caller, const struct guard *guard)
{
    caller->guard = guard;
}

void caller_free(struct caller *caller)
{
    if (caller == NULL)
        return;
    while (!LIST_EMPTY(&caller->calls))
        free_call(LIST_FIRST(&caller->calls));
    curl_multi_cleanup(caller->multi);
    event_free(caller->timer);
    free(caller);
}
