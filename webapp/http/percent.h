/*
 * Percent-encoding (RFC 3986, 2.1) of path segments and query strings. Pure; any thread.
 */
#ifndef DTUHUB_WEBAPP_HTTP_PERCENT_H
#define DTUHUB_WEBAPP_HTTP_PERCENT_H

#include <json-c/printbuf.h>
#include <stdbool.h>
#include <stddef.h>

/**
 * percent_decode(in, len, out, plus): decode into ${out}, which has room for ${len}+1 bytes, and
 * terminate it; with ${plus} a '+' means a space (forms). Return 0, or -1 for a broken escape or an
 * encoded NUL.
 */
int percent_decode(const char *in, size_t len, char *out, bool plus);

/** percent_encode(in, out): append ${in} to ${out} with everything but RFC 3986's unreserved
 * letters encoded. */
void percent_encode(const char *in, struct printbuf *out);

#endif
