/* Calls over real sockets, with a server on the same loop that answers well and badly. */
#include "collector/events/caller.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/http.h>
#include <event2/listener.h>

enum { HUGE_ANSWER = 3 << 20 };

/* What the servers saw, and what the calls came to. */
struct rig {
    struct event_base *base;
    struct caller *caller;
    struct guard *guard;
    struct evhttp *http;
    struct evconnlistener *raw; /* takes connections, and answers with ${raw_answer} */
    const char *raw_answer;     /* NULL: nothing at all */
    struct bufferevent *raw_lines[8];
    size_t nraw;
    unsigned short http_port, raw_port;
    unsigned requests, elsewhere;
    uint16_t peers[8]; /* ports that requests came from */
    char method[8], header[64], body[64];
    unsigned done;
    struct call_result result;
    char text[8192], retry_after[64];
};

static unsigned short port_of(evutil_socket_t fd)
{
    struct sockaddr_in address;
    socklen_t size = sizeof(address);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    return ntohs(address.sin_port);
}

static void on_request(struct evhttp_request *request, void *cookie)
{
    struct rig *rig = cookie;
    struct evbuffer *in = evhttp_request_get_input_buffer(request);
    const char *header = evhttp_find_header(evhttp_request_get_input_headers(request), "X-Own");
    const char *path = evhttp_request_get_uri(request);
    char *peer;
    evhttp_connection_get_peer(evhttp_request_get_connection(request), &peer,
                               &rig->peers[rig->requests++ % 8]);
    snprintf(rig->method, sizeof(rig->method), "%s",
             evhttp_request_get_command(request) == EVHTTP_REQ_PUT ? "PUT" : "POST");
    snprintf(rig->header, sizeof(rig->header), "%s", header != NULL ? header : "");
    int size = evbuffer_remove(in, rig->body, sizeof(rig->body) - 1);
    rig->body[size > 0 ? size : 0] = '\0';
    struct evkeyvalq *headers = evhttp_request_get_output_headers(request);
    struct evbuffer *out = evbuffer_new();
    if (strcmp(path, "/moved") == 0) {
        evhttp_add_header(headers, "Location", "/elsewhere");
        evhttp_send_reply(request, 302, "Found", NULL);
    } else if (strcmp(path, "/later") == 0) {
        evhttp_add_header(headers, "Retry-After", "7");
        evhttp_send_reply(request, 429, "Too Many", NULL);
    } else if (strcmp(path, "/huge") == 0) {
        char *huge = calloc(1, HUGE_ANSWER);
        evbuffer_add(out, huge, HUGE_ANSWER);
        free(huge);
        evhttp_send_reply(request, 200, "OK", out);
    } else {
        rig->elsewhere += strcmp(path, "/elsewhere") == 0;
        evbuffer_add_printf(out, "fine");
        evhttp_send_reply(request, 200, "OK", out);
    }
    evbuffer_free(out);
}

static void on_raw_end(struct bufferevent *line, void *cookie)
{
    struct rig *rig = cookie;
    for (size_t i = 0; i < rig->nraw; i++) {
        if (rig->raw_lines[i] == line)
            rig->raw_lines[i] = NULL;
    }
    bufferevent_free(line);
}

static void on_raw_request(struct bufferevent *line, void *cookie)
{
    struct rig *rig = cookie;
    struct evbuffer *in = bufferevent_get_input(line);
    evbuffer_drain(in, evbuffer_get_length(in));
    if (rig->raw_answer == NULL)
        return;
    bufferevent_write(line, rig->raw_answer, strlen(rig->raw_answer));
    bufferevent_setcb(line, NULL, on_raw_end, NULL, rig); /* it ends when that is out */
}

static void on_raw_line(struct evconnlistener *listener, evutil_socket_t fd,
                        struct sockaddr *address, int size, void *cookie)
{
    struct rig *rig = cookie;
    (void)listener, (void)address, (void)size;
    assert_true(rig->nraw < 8);
    struct bufferevent *line = bufferevent_socket_new(rig->base, fd, BEV_OPT_CLOSE_ON_FREE);
    rig->raw_lines[rig->nraw++] = line;
    bufferevent_setcb(line, on_raw_request, NULL, NULL, rig);
    bufferevent_enable(line, EV_READ | EV_WRITE);
}

static int set_up(void **state)
{
    struct rig *rig = calloc(1, sizeof(*rig));
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    rig->base = event_base_new();
    rig->caller = caller_new(rig->base);
    rig->guard = guard_new(guard_default);
    caller_guard(rig->caller, rig->guard);
    rig->http = evhttp_new(rig->base);
    evhttp_set_gencb(rig->http, on_request, rig);
    struct evhttp_bound_socket *bound = evhttp_bind_socket_with_handle(rig->http, "127.0.0.1", 0);
    rig->http_port = port_of(evhttp_bound_socket_get_fd(bound));
    rig->raw = evconnlistener_new_bind(rig->base, on_raw_line, rig, LEV_OPT_CLOSE_ON_FREE, 16,
                                       (struct sockaddr *)&any, sizeof(any));
    rig->raw_port = port_of(evconnlistener_get_fd(rig->raw));
    *state = rig;
    return 0;
}

static int tear_down(void **state)
{
    struct rig *rig = *state;
    caller_free(rig->caller);
    guard_free(rig->guard);
    for (size_t i = 0; i < rig->nraw; i++) {
        if (rig->raw_lines[i] != NULL)
            bufferevent_free(rig->raw_lines[i]);
    }
    evconnlistener_free(rig->raw);
    evhttp_free(rig->http);
    event_base_free(rig->base);
    free(rig);
    return 0;
}

static void on_done(void *cookie, const struct call_result *result)
{
    struct rig *rig = cookie;
    rig->done++;
    rig->result = *result;
    memcpy(rig->text, result->body, result->size);
    rig->text[result->size] = '\0';
    snprintf(rig->retry_after, sizeof(rig->retry_after), "%s",
             result->retry_after != NULL ? result->retry_after : "");
    event_base_loopbreak(rig->base);
}

static struct call *call(struct rig *rig, unsigned short port, const char *path)
{
    const struct webhook_target target = {.timeout_ms = 300, .connect_timeout_ms = 200};
    char url[128], own[] = "X-Own: yes", body[] = "{\"a\":1}";
    char *headers[] = {own, NULL};
    snprintf(url, sizeof(url), "http://127.0.0.1:%u%s", port, path);
    const struct message message = {
        .url = url, .headers = headers, .body = body, .size = strlen(body), .method = "PUT"};
    struct call *made = caller_call(rig->caller, &target, &message, on_done, rig);
    memset(body, '?', sizeof(body)); /* copied */
    memset(own, '?', sizeof(own));
    return made;
}

static void run(struct rig *rig)
{
    const struct timeval most = {.tv_sec = 10};
    unsigned before = rig->done;
    event_base_loopexit(rig->base, &most);
    while (rig->done == before && event_base_dispatch(rig->base) == 0 &&
           !event_base_got_exit(rig->base)) {
    }
    assert_int_equal(rig->done, before + 1);
}

static void an_answer_comes_back(void **state)
{
    struct rig *rig = *state;
    call(rig, rig->http_port, "/");
    assert_int_equal(rig->done, 0);
    run(rig);
    assert_int_equal(rig->result.status, 200);
    assert_string_equal(rig->result.error, "");
    assert_string_equal(rig->text, "fine");
    assert_string_equal(rig->retry_after, "");
    assert_string_equal(rig->method, "PUT");
    assert_string_equal(rig->header, "yes");
    assert_string_equal(rig->body, "{\"a\":1}");
}

static void connections_are_used_again(void **state)
{
    struct rig *rig = *state;
    for (int i = 0; i < 3; i++) {
        call(rig, rig->http_port, "/");
        run(rig);
    }
    assert_int_equal(rig->requests, 3);
    assert_int_equal(rig->peers[1], rig->peers[0]);
    assert_int_equal(rig->peers[2], rig->peers[0]);
}

static void retry_after_is_told(void **state)
{
    struct rig *rig = *state;
    call(rig, rig->http_port, "/later");
    run(rig);
    assert_int_equal(rig->result.status, 429);
    assert_string_equal(rig->retry_after, "7");
}

static void redirects_are_not_followed(void **state)
{
    struct rig *rig = *state;
    call(rig, rig->http_port, "/moved");
    run(rig);
    assert_int_equal(rig->result.status, 302);
    assert_int_equal(rig->requests, 1);
    assert_int_equal(rig->elsewhere, 0);
}

static void expect_failure(struct rig *rig, const char *why)
{
    run(rig);
    assert_int_equal(rig->result.status, 0);
    if (strstr(rig->result.error, why) == NULL)
        fail_msg("\"%s\" is not about \"%s\"", rig->result.error, why);
}

static void a_refused_connection_is_no_answer(void **state)
{
    struct rig *rig = *state;
    evconnlistener_free(rig->raw);
    call(rig, rig->raw_port, "/");
    expect_failure(rig, "connect");
    rig->raw =
        evconnlistener_new_bind(rig->base, on_raw_line, rig, LEV_OPT_CLOSE_ON_FREE, 1,
                                (struct sockaddr *)&(struct sockaddr_in){.sin_family = AF_INET},
                                sizeof(struct sockaddr_in));
}

static void a_silent_receiver_is_given_up(void **state)
{
    struct rig *rig = *state;
    call(rig, rig->raw_port, "/");
    expect_failure(rig, "timed out");
    assert_true(rig->result.took_ms >= 290);
}

static void an_answer_cut_short_is_none(void **state)
{
    struct rig *rig = *state;
    rig->raw_answer = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nten bytes ";
    call(rig, rig->raw_port, "/");
    expect_failure(rig, "");
    assert_string_not_equal(rig->result.error, "");
}

static void nonsense_is_no_answer(void **state)
{
    struct rig *rig = *state;
    rig->raw_answer = "SSH-2.0-OpenSSH_9.2\r\n";
    call(rig, rig->raw_port, "/");
    expect_failure(rig, "");
    assert_string_not_equal(rig->result.error, "");
}

static void a_huge_answer_is_not_read_to_its_end(void **state)
{
    struct rig *rig = *state;
    call(rig, rig->http_port, "/huge");
    expect_failure(rig, "longer than");
    assert_true(rig->result.size <= 4096);
}

static void a_denied_address_is_not_connected_to(void **state)
{
    struct rig *rig = *state;
    struct guard *guard = guard_new("127.0.0.0/8");
    caller_guard(rig->caller, guard);
    call(rig, rig->http_port, "/");
    expect_failure(rig, "127.0.0.1 is not called");
    assert_int_equal(rig->requests, 0);
    caller_guard(rig->caller, rig->guard);
    guard_free(guard);
}

static void a_kept_connection_to_a_denied_address_is_not_used(void **state)
{
    struct rig *rig = *state;
    call(rig, rig->http_port, "/");
    run(rig);
    struct guard *guard = guard_new("127.0.0.0/8");
    caller_guard(rig->caller, guard);
    call(rig, rig->http_port, "/");
    expect_failure(rig, "127.0.0.1 is not called");
    assert_int_equal(rig->requests, 1);
    caller_guard(rig->caller, rig->guard);
    guard_free(guard);
}

static void a_cancelled_call_is_never_done(void **state)
{
    struct rig *rig = *state;
    struct call *silent = call(rig, rig->raw_port, "/");
    while (rig->nraw == 0)
        event_base_loop(rig->base, EVLOOP_ONCE);
    caller_cancel(rig->caller, silent);
    call(rig, rig->http_port, "/");
    run(rig);
    assert_int_equal(rig->result.status, 200);
    const struct timeval later = {.tv_usec = 400000}; /* longer than its time-out */
    event_base_loopexit(rig->base, &later);
    event_base_dispatch(rig->base);
    assert_int_equal(rig->done, 1);
}

/* One that waits for a connection, one for an answer. */
static void calls_under_way_end_with_the_caller(void **state)
{
    struct rig *rig = *state;
    call(rig, rig->raw_port, "/");
    while (rig->nraw == 0)
        event_base_loop(rig->base, EVLOOP_ONCE);
    call(rig, rig->http_port, "/");
    caller_free(rig->caller);
    rig->caller = NULL;
    event_base_loop(rig->base, EVLOOP_NONBLOCK);
    assert_int_equal(rig->done, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(an_answer_comes_back),
        TEST(connections_are_used_again),
        TEST(retry_after_is_told),
        TEST(redirects_are_not_followed),
        TEST(a_refused_connection_is_no_answer),
        TEST(a_silent_receiver_is_given_up),
        TEST(an_answer_cut_short_is_none),
        TEST(nonsense_is_no_answer),
        TEST(a_huge_answer_is_not_read_to_its_end),
        TEST(a_denied_address_is_not_connected_to),
        TEST(a_kept_connection_to_a_denied_address_is_not_used),
        TEST(a_cancelled_call_is_never_done),
        TEST(calls_under_way_end_with_the_caller),
    };
#undef TEST
    return cmocka_run_group_tests(tests, NULL, NULL);
}
