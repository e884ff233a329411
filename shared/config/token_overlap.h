/*
 * Packets of two lines that are not told apart by their bytes. Pure; any thread.
 */
#ifndef DTUHUB_CONFIG_TOKEN_OVERLAP_H
#define DTUHUB_CONFIG_TOKEN_OVERLAP_H

#include "shared/config/link_def.h"

/**
 * token_overlap(a, b): whether there are bytes that are both packets, as far as two of one kind say
 * it at once: the same bytes, start and end, pattern or key, and lengths that allow it. Packets of
 * different kinds are not compared.
 */
bool token_overlap(const struct token_def *a, const struct token_def *b);

#endif
