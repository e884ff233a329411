/*
 * A registered line's packets: what each means, and what it is answered with.
 */
#include "collector/session_parts.h"
#include "shared/base/log.h"
#include "shared/base/text.h"

#include <string.h>

enum { SHOWN_BYTES = 24 };

static void got_life(struct session *session, struct session_time now)
{
    if (session->silent)
        session_say(session, LOG_SILENT, LOGL_INFO, "alive after %u missed heartbeats",
                    session->missed);
    session->life_ms = now.mono_ms;
    session->life_wall_ms = now.wall_ms;
    session->missed = 0;
    session->silent = session->probe_wanted = session->probing = false;
}

static void got_heartbeat(struct session *session, struct session_time now)
{
    struct session_env *env = session->env;
    env->metrics->heartbeats++;
    session->heartbeats++;
    if (!session->registered)
        return;
    if (session->keep)
        recorder_heartbeat(&env->recorder, session->device, now.wall_ms);
    if (!session->plan->profile->link.listen_only)
        schedule_heartbeat(&session->schedule, session->plan, now.mono_ms);
}

/* It says again who it is: in front of each packet, say. Whom we dialled we know by its address. */
static void got_registration(struct session *session, const struct token_match *token)
{
    if (session->port == 0 || token->id[0] == '\0' || strcmp(token->id, session->id) == 0 ||
        (token->token != NULL && token->token->fixed_id != NULL))
        return;
    session_say(session, LOG_BROKEN, LOGL_WARN, "registers as %s on the line of %s: closing",
                token->id, session->id);
    session_close(session, "registered again, as %.64s", token->id);
}

static const char *show(const uint8_t *bytes, size_t len, char out[2 * SHOWN_BYTES + 4])
{
    text_hex(bytes, len < SHOWN_BYTES ? len : SHOWN_BYTES, out);
    if (len > SHOWN_BYTES)
        strcat(out, "...");
    return out;
}

/* What may hold a secret, whole or the piece of one that a silence has cut off, is kept nowhere. */
static bool may_be_kept(const struct session *session, const struct frame *frame)
{
    if (frame->kind == FRAME_REGISTRATION && frame->token.secret[0] != '\0')
        return false;
    return !session->secretive ||
           !(frame->kind == FRAME_REGISTRATION || (frame->kind == FRAME_MODBUS && !frame->intact));
}

/* What is no packet is counted, and the first of it kept to be looked at. */
static void got_noise(struct session *session, const uint8_t *bytes, size_t len,
                      struct session_time now)
{
    uint64_t left_out;
    char shown[2 * SHOWN_BYTES + 4];
    session->env->metrics->noise_bytes += len;
    session->noise_bytes += len;
    session->noise_in_row += len;
    if (session->noise_in_row > SESSION_NOISE_MOST) {
        session_say(session, LOG_BROKEN, LOGL_WARN,
                    "%llu bytes in a row that fit nothing: closing; is this its profile, %s?",
                    (unsigned long long)session->noise_in_row, session->plan->profile->name);
        session->env->metrics->protocol_errors++;
        session_close(session, "protocol error: nothing but bytes that fit nothing");
        return;
    }
    if (!session->registered || !log_limited(&session->noises, now.mono_ms, &left_out))
        return;
    if (session->secretive) {
        session_say(
            session, LOG_NOISE, LOGL_INFO,
            "%zu bytes that fit nothing, not shown: a secret may be among them (%llu more like "
            "it before)",
            len, (unsigned long long)left_out);
        return;
    }
    session_say(session, LOG_NOISE, LOGL_INFO,
                "%zu bytes that fit nothing: %s (%llu more like it before)", len,
                show(bytes, len, shown), (unsigned long long)left_out);
    recorder_packet(&session->env->recorder, session->device, now.wall_ms, PACKET_NOISE, bytes,
                    len);
}

static enum packet_type packet_type(enum frame_kind kind)
{
    static const enum packet_type types[] = {
        [FRAME_REGISTRATION] = PACKET_REGISTER,
        [FRAME_HEARTBEAT] = PACKET_HEARTBEAT,
        [FRAME_DATA] = PACKET_DATA,
        [FRAME_MODBUS] = PACKET_MODBUS,
        [FRAME_NOISE] = PACKET_NOISE,
    };
    return types[kind];
}

/* What is not stored is not acknowledged: the DTU sends it again. */
static void left_unacknowledged(struct session *session)
{
    session->env->metrics->data_packets_unacknowledged++;
}

static void promise(struct session *session, struct receipt receipt, const uint8_t *bytes,
                    size_t size, int64_t now_ms)
{
    const struct promise promise = {
        .owner = session, .receipt = receipt, .since_ms = now_ms, .size = size};
    if (receipt.number == 0) {
        left_unacknowledged(session);
    } else if (promises_add(session->env->promises, &session->promises, &promise, bytes) != 0) {
        left_unacknowledged(session);
        session_close(session, "too many data packets wait to be stored");
    }
}

void session_promised(struct session *session, const struct promise *promise,
                      struct session_time now)
{
    if (promise->state == PROMISE_BROKEN)
        left_unacknowledged(session);
    if (session->closing)
        return;
    if (promise->state == PROMISE_KEPT)
        session_send(session, promise->bytes, promise->size, now.mono_ms);
    else
        session_close(session, "a data packet could not be stored");
}

/* ${receipt}: of the packet's record. */
static void reply(struct session *session, const struct frame *frame, const uint8_t *packet,
                  struct receipt receipt, int64_t now_ms)
{
    uint8_t bytes[FRAMING_LONGEST];
    const struct framing *framing = session->plan->framing;
    size_t size =
        framing_reply(framing, frame->token.token, frame->kind, packet, frame->size, bytes);
    if (size == 0)
        return;
    if (frame->kind == FRAME_DATA && framing->promises && session->env->promises != NULL)
        promise(session, receipt, bytes, size, now_ms);
    else
        session_send(session, bytes, size, now_ms);
}

/* Whether one more packet of this line is stored. */
static bool has_room(struct session *session, int64_t now_ms)
{
    uint64_t left_out = 0;
    bool kept = log_limited(&session->packets, now_ms, &left_out);
    session->env->metrics->packets_left_out += !kept;
    if (left_out > 0)
        log_warn("session", session->who,
                 "%llu packets were not stored: a line may have %d a minute",
                 (unsigned long long)left_out, SESSION_KEPT_MOST);
    return kept;
}

static void got_packet(struct session *session, const struct frame *frame, const uint8_t *packet,
                       struct session_time now)
{
    struct session_env *env = session->env;
    struct receipt receipt = {0};
    if (frame->kind == FRAME_NOISE) {
        got_noise(session, packet, frame->size, now);
        return;
    }
    got_life(session, now);
    session->noise_in_row = 0;
    session->keep = session->registered && has_room(session, now.mono_ms);
    if (session->keep && may_be_kept(session, frame))
        receipt = recorder_packet(&env->recorder, session->device, now.wall_ms,
                                  packet_type(frame->kind), packet, frame->size);
    switch (frame->kind) {
    case FRAME_HEARTBEAT:
        got_heartbeat(session, now);
        break;
    case FRAME_DATA:
        env->metrics->data_packets++;
        break;
    case FRAME_MODBUS:
        if (session->registered)
            session_modbus(session, frame, now);
        break;
    case FRAME_REGISTRATION:
        got_registration(session, &frame->token);
        break;
    case FRAME_NOISE:
        break;
    }
    if (!session->closing && (frame->kind == FRAME_HEARTBEAT || frame->kind == FRAME_REGISTRATION ||
                              frame->kind == FRAME_DATA))
        reply(session, frame, packet, receipt, now.mono_ms);
}

static void broken(struct session *session, uint8_t byte)
{
    session->env->metrics->protocol_errors++;
    session_say(session, LOG_BROKEN, LOGL_WARN,
                "byte %02X starts no packet of the %s framing: closing", byte,
                session->plan->framing->name);
    session_close(session, "protocol error");
}

size_t session_take(struct session *session, uint8_t *bytes, size_t len, bool settled,
                    struct session_time now)
{
    struct expectation expected[1 + EXCHANGE_DEBTS];
    struct framing_view view;
    struct frame frame;
    session_view(session, expected, settled, now.mono_ms, &view);
    ssize_t size = session->plan->framing->next(&view, bytes, len, &frame);
    if (size == FRAMING_BROKEN)
        broken(session, bytes[0]);
    if (size <= 0)
        return 0;
    if (frame.at > 0) {                  /* out of the middle, to the front */
        uint8_t packet[FRAMING_LONGEST]; /* a token, or a box */
        size_t kept = frame.size < sizeof(packet) ? frame.size : sizeof(packet);
        memcpy(packet, bytes + frame.at, kept);
        memmove(bytes + frame.size, bytes, frame.at);
        memcpy(bytes, packet, kept);
    }
    got_packet(session, &frame, bytes, now);
    return frame.size;
}
