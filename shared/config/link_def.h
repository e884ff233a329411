/*
 * How DTUs of one family behave on the line, as a profile of data_config.yml states it: how they
 * say who they are, how they keep the line alive, how they wrap Modbus, and what time they need.
 *
 * Immutable once read, so any thread may look at it; it belongs to its profile. What the bytes of a
 * packet are held against is a token; the matching itself is collector/link/token.h.
 */
#ifndef DTUHUB_CONFIG_LINK_DEF_H
#define DTUHUB_CONFIG_LINK_DEF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    TOKEN_LONGEST = 256,   /* bytes of the longest registration or heartbeat packet */
    LINK_ID_SIZE = 128,    /* a printable registration id, or secret, and its NUL */
    LINK_TOKENS_MAX = 16,  /* packets of one kind in a profile */
    STRUCT_PIECES_MAX = 8, /* fixed pieces of a struct */
};

enum framing_kind {
    FRAMING_TLV,     /* the original's: type, length, payload */
    FRAMING_RTU,     /* raw Modbus RTU */
    FRAMING_MBAP,    /* Modbus TCP's header */
    FRAMING_DDP,     /* Hongdian: 7B type length id payload 7B */
    FRAMING_ALOTCER, /* 7B type length (little-endian) ... 7D */
    FRAMING_ESCAPED, /* Four-Faith PROT: FD -> FD ED, FE -> FD EE, heartbeat FE */
    FRAMING_HEX,     /* Modbus RTU as hexadecimal text */
};

enum token_kind {
    TOKEN_BYTES,  /* exactly these */
    TOKEN_TEXT,   /* a start, an id of some characters, an end */
    TOKEN_REGEX,  /* what a pattern matches from the first byte on */
    TOKEN_JSON,   /* an object in braces */
    TOKEN_STRUCT, /* a number of bytes, some of them fixed */
};

/* What the id of a TOKEN_TEXT is made of. */
enum token_chars {
    CHARS_ANY,    /* printable ASCII 21 to 7E, and UTF-8 above */
    CHARS_DIGITS, /* 0 to 9 */
    CHARS_HEX,    /* 0 to 9, a to f, A to F */
    CHARS_WORD,   /* letters, digits, _ and - */
};

enum slice_as {
    SLICE_TEXT, /* characters; it ends at the first NUL, spaces at the end do not count */
    SLICE_HEX,  /* as lower-case hexadecimal digits */
    SLICE_BCD,  /* packed decimal digits, the high half first; F and what follows is left out */
    SLICE_UINT, /* one unsigned big-endian integer of up to 8 bytes, in decimal */
};

/** A part of a TOKEN_STRUCT; length 0: there is none. */
struct token_slice {
    uint16_t offset, length;
    enum slice_as as;
    uint16_t digits; /* SLICE_BCD: so many from the front; 0: all */
};

struct token_piece {
    uint16_t offset, size;
    uint8_t *bytes;
};

enum reply_kind { REPLY_NONE, REPLY_BYTES, REPLY_ECHO };

struct token_def {
    char *label; /* its key in the file */
    enum token_kind kind;

    uint8_t *bytes; /* TOKEN_BYTES: all of it; TOKEN_TEXT: the start, may be NULL */
    size_t size;
    uint8_t *end; /* TOKEN_TEXT: may be NULL */
    size_t end_size;
    enum token_chars chars; /* TOKEN_TEXT: of the id, which has ${min} to ${max} bytes */
    uint16_t min, max;      /* at least 1 */

    void *regex;   /* TOKEN_REGEX: compiled pcre2_code, anchored, 8 bit; groups "id", "secret" */
    char *pattern; /* TOKEN_REGEX: as the file says it */
    int id_group,
        secret_group; /* their numbers; id_group 0: the whole match; secret_group 0: none */

    char *id_key, *secret_key; /* TOKEN_JSON: secret_key may be NULL; id_key too in a heartbeat */

    uint16_t length;                              /* TOKEN_STRUCT: bytes of the whole */
    struct token_piece pieces[STRUCT_PIECES_MAX]; /* TOKEN_STRUCT: what is fixed in it */
    size_t npieces;
    struct token_slice id, secret;

    char *fixed_id; /* registration: the id where the packet holds none; NULL: it holds one */

    enum reply_kind reply; /* what the server answers */
    uint8_t *reply_bytes;
    size_t reply_size;
};

enum registration_when {
    REGISTER_ONCE,  /* when the line opens */
    REGISTER_EVERY, /* in front of each packet */
    REGISTER_BOTH,  /* both */
};

struct link_timing { /* ms; -1: what server_config.yml says */
    int64_t response_timeout, request_gap;
    int64_t slave_gap;     /* between requests to different slaves; at least request_gap */
    int64_t idle;          /* a silence that ends whatever could go on */
    int64_t after_connect; /* from the registration to the first request */
    int64_t talk_within;   /* the server says something at least so often; 0: no need */
    int64_t heartbeat_timeout, registration_timeout;
    int32_t max_missed; /* heartbeats; -1: server_config.yml's */
    int32_t
        max_timeouts; /* unanswered requests in a row that close the line; 0: never; -1: as above */
    int32_t retries;  /* -1: as above */
};

struct link_def {
    enum framing_kind framing;
    /* A framing may know its own registration and heartbeat (tlv, ddp, alotcer): then these come
     * on top. */
    struct token_def *registrations, *heartbeats;
    size_t nregistrations, nheartbeats;
    enum registration_when when;
    bool registration_required; /* false: id_from_source names a line that sends none in time */
    bool listen_only;           /* the DTU polls by itself: decode, never ask */
    struct link_timing timing;
};

#endif
