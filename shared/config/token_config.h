/*
 * A packet of a line, from its section to a struct token_def.
 */
#ifndef DTUHUB_CONFIG_TOKEN_CONFIG_H
#define DTUHUB_CONFIG_TOKEN_CONFIG_H

#include "shared/config/link_draft.h"

/** What the reader of a packet works on. */
struct token_reading {
    const struct settings_reader *reader;
    struct settings_place place;
    bool heartbeat; /* else a registration */
    struct token_draft draft;
    unsigned lines[TOKEN_KEYS_MAX];
    struct token_def *out;
};

/**
 * token_config_read(packet, heartbeat, out): read the packet into ${out}, which is the caller's in
 * any case: token_config_clear(). Return 0, or -1 where a fault was appended.
 */
int token_config_read(const struct packet_draft *packet, bool heartbeat, struct token_def *out);

/** token_config_clear(token): free what it holds. */
void token_config_clear(struct token_def *token);

/** token_fault(reading, key, fmt, ...): append a fault of one key of the packet. */
void token_fault(struct token_reading *reading, size_t key, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/** token_config_struct(reading): the part of a TOKEN_STRUCT, once its keys are in the draft;
 * token_config_regex(reading): of a TOKEN_REGEX. */
void token_config_struct(struct token_reading *reading);
void token_config_regex(struct token_reading *reading);

#endif
