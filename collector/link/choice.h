/*
 * Which profile a new line is of: its first packet decides. Pure; any thread.
 */
#ifndef DTUHUB_COLLECTOR_LINK_CHOICE_H
#define DTUHUB_COLLECTOR_LINK_CHOICE_H

#include "collector/link/framing.h"

/** One link that the line may be of. */
struct candidate {
    const struct link_def *link;
};

struct choice {
    size_t skip;              /* bytes of heartbeats in front of the registration */
    size_t candidate;         /* the first of the best */
    struct token_match match; /* of that one; size 0: nobody registered (see choice_make) */
};

/**
 * choice_make(candidates, n, bytes, len, settled, out): hold the first bytes of a line against all.
 *
 * Return 1 and fill ${out} where a candidate's registration is there, and no other candidate may
 * still have one that is longer (${settled}: none may, what is open is at its end); 0 where more
 * bytes could tell; -1 where the bytes fit none. Of several matches the longest wins, of equals the
 * first; the tlv framing, to which any four bytes are a registration, comes last: it is taken only
 * where no other can be. Heartbeats of a candidate may come before its registration.
 */
int choice_make(const struct candidate *candidates, size_t n, const uint8_t *bytes, size_t len,
                bool settled, struct choice *out);

/** choice_matches(link, bytes, len, settled, out): whether this one link's registration is there,
 * too: for a device that is bound to a profile. */
bool choice_matches(const struct link_def *link, const uint8_t *bytes, size_t len, bool settled,
                    struct choice *out);

#endif
