/*
 * What the files of a session share among themselves: collector/session*.c only.
 */
#ifndef DTUHUB_COLLECTOR_SESSION_PARTS_H
#define DTUHUB_COLLECTOR_SESSION_PARTS_H

#include "collector/session.h"

/** session_close(session, fmt, ...): have the line closed, for that reason; the first one counts.
 */
void session_close(struct session *session, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/** session_send(session, bytes, len, now_ms). */
void session_send(struct session *session, const uint8_t *bytes, size_t len, int64_t now_ms);

/** session_view(session, expected, settled, now_ms, view): what the framing must know. ${expected}
 * has room for what an exchange can owe. */
void session_view(struct session *session, struct expectation expected[1 + EXCHANGE_DEBTS],
                  bool settled, int64_t now_ms, struct framing_view *view);

enum { SESSION_SHOWN_BYTES = 32 };

/** The first bytes of something, to be shown: configured secrets are hidden in them; and fewer of
 * them for a log line, as hexadecimal and as text, which the log makes printable. */
struct session_shown {
    uint8_t bytes[REFUSAL_BYTES];
    size_t size;
    char hex[2 * SESSION_SHOWN_BYTES + 4], text[SESSION_SHOWN_BYTES + 1];
};
void session_show(const struct session *session, const uint8_t *bytes, size_t len,
                  struct session_shown *out);

/** session_say(session, kind, level, fmt, ...): log a line about this one, within the budget. */
#define session_say(session, kind, level, ...)                                                     \
    log_within(&(session)->env->budget, kind, session_key(session), level, "session",              \
               (session)->who, __VA_ARGS__)

/** session_key(session): what the log's budget tells it by. */
const char *session_key(const struct session *session);

/** session_count(session, field, n): count of the line's profile. */
#define session_count(session, field, n)                                                           \
    do {                                                                                           \
        if ((session)->counts != NULL)                                                             \
            (session)->counts->field += (n);                                                       \
    } while (0)

/** session_count_in(session, counts): from now on it counts there, as a line too where it is
 * registered; NULL: nowhere. */
void session_count_in(struct session *session, struct profile_counts *counts);

/* session_admit.c */

/** session_name(session, id): the line says who it is. */
void session_name(struct session *session, const char *id);

/** session_decide(session, plan, secret, now): let the named line in, put it in quarantine, or
 * refuse it; ${secret} is what it registered with, "" without one. */
void session_decide(struct session *session, const struct plan *plan, const char *secret,
                    struct session_time now);

/** session_refused(session, shown, now): it is closed before it was let in: keep why, and what came
 * first (NULL: not to be shown), for whoever looks for it. */
void session_refused(const struct session *session, const struct session_shown *shown,
                     struct session_time now);

/** session_dialled(session, device_id, now): we know whom we dialled. */
void session_dialled(struct session *session, const char *device_id, struct session_time now);

/** session_take_plan(session, plan, now): go on by ${plan} of the environment's set. */
void session_take_plan(struct session *session, const struct plan *plan, struct session_time now);

/** session_comes_from(cidrs, address): whether the address lies in one of the networks. */
bool session_comes_from(const char *cidrs, const char *address);

/* session_register.c */

/** session_first_packet(session, bytes, len, settled, now): hold the line's first bytes against the
 * profiles. Return how many were used; 0: more are needed, or the line was identified without
 * them. */
size_t session_first_packet(struct session *session, const uint8_t *bytes, size_t len, bool settled,
                            struct session_time now);

/** session_unregistered(session, now): nothing came in time: identify the line by its source, or
 * close it. */
void session_unregistered(struct session *session, struct session_time now);

/** session_deadline_ms(session): when that is. */
int64_t session_deadline_ms(const struct session *session);

/** session_by_source(session, at_once, now): identify the line by the port that it dialled and the
 * address it came from, where a profile there needs no registration; ${at_once}: only where none
 * of them has any. false where it stays unidentified. */
bool session_by_source(struct session *session, bool at_once, struct session_time now);

/* session_stream.c */

/** session_take(session, bytes, len, settled, now): the next packet. Return its size: ${bytes} are
 * used up to there, after what was in the middle is moved out; 0: more are needed. */
size_t session_take(struct session *session, uint8_t *bytes, size_t len, bool settled,
                    struct session_time now);

/* session_poll.c */

void session_poll(struct session *session, struct session_time now);

/** session_poll_next_ms(session, now_ms): when the next poll may go out, or the outstanding one is
 * given up. */
int64_t session_poll_next_ms(struct session *session, int64_t now_ms);

/** session_modbus(session, frame, now): a Modbus packet came in. */
void session_modbus(struct session *session, const struct frame *frame, struct session_time now);

/** session_query(session, request, data, now_ms): send a request; session->task is set. ${data} as
 * adu_build() takes it. */
void session_query(struct session *session, const struct adu_request *request, const uint8_t *data,
                   int64_t now_ms);

/* session_write.c */

/** session_write_send(session, now): send the next write or its read-back where it may go out now.
 * Return whether polls have to wait: it was sent, or waits for the gap. They do not where it waits
 * for what a late answer still owes. */
bool session_write_send(struct session *session, struct session_time now);

/** session_write_next_ms(session, now_ms, next_ms): when it may; INT64_MAX where none waits. Return
 * whether polls have to wait. */
bool session_write_next_ms(struct session *session, int64_t now_ms, int64_t *next_ms);

/** session_write_answered(session, reply, exception, now), session_write_timed_out(session, now):
 * what became of the request of the write under way. */
void session_write_answered(struct session *session, const struct adu_reply *reply, bool exception,
                            struct session_time now);
void session_write_timed_out(struct session *session, struct session_time now);

/** session_write_end_all(session, now): the line is closed. */
void session_write_end_all(struct session *session, int64_t now_ms);

#endif
