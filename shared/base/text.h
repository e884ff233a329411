/*
 * Small pure helpers over text: hexadecimal, printable text from hostile bytes, the nearest known
 * name. No allocation, no system calls; any thread.
 */
#ifndef DTUHUB_BASE_TEXT_H
#define DTUHUB_BASE_TEXT_H

#include <stddef.h>
#include <stdint.h>

/**
 * text_hex(bytes, len, out): write 2*${len} lower-case hexadecimal digits and a NUL into ${out};
 * return ${out}. The caller gives room for 2*len+1.
 */
char *text_hex(const uint8_t *bytes, size_t len, char *out);

/**
 * text_printable(bytes, len, out, size): write ${bytes} into ${out} as valid UTF-8 without control
 * characters: what is not valid or not printable becomes \xNN, and a backslash becomes two (so that
 * different bytes never give the same text). Cut at a whole character where ${out} of ${size} bytes
 * is too small; always terminated. Return the length written.
 */
size_t text_printable(const void *bytes, size_t len, char *out, size_t size);

/**
 * text_utf8_length(p, len): bytes of the valid UTF-8 character at ${p}, of which ${len} bytes may
 * be read (RFC 3629: no overlong forms, no surrogates), or 0.
 */
size_t text_utf8_length(const uint8_t *p, size_t len);

/**
 * text_nearest(name, known, n): the entry of ${known}[0..n) that is nearest to ${name} by edit
 * distance, or NULL where none is near enough (more than a third of the longer one's letters, at
 * least 1, differ).
 */
const char *text_nearest(const char *name, const char *const *known, size_t n);

#endif
