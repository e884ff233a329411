/*
 * Bytes of a packet as a configuration file writes them. Pure; any thread.
 */
#ifndef DTUHUB_CONFIG_BYTE_TEXT_H
#define DTUHUB_CONFIG_BYTE_TEXT_H

#include <stddef.h>
#include <stdint.h>

/**
 * byte_text_unescape(text, out, size): the bytes of ${text}, in which \r \n \t \xNN \\ stand
 * for one byte each. ${out} has room for strlen(text). Return NULL, or a new text that says what is
 * wrong. A character from U+0080 to U+00FF is refused: it is what YAML makes of "\xD8" in double
 * quotes, where a byte was meant.
 */
char *byte_text_unescape(const char *text, uint8_t *out, size_t *size);

/** byte_text_unhex(text, out, size): the same of pairs of hexadecimal digits, with blanks or colons
 * between them, and 0x in front of them. */
char *byte_text_unhex(const char *text, uint8_t *out, size_t *size);

#endif
