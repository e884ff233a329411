/* Tokens as a profile states them, for tests: short to write, nothing to free. */
#ifndef DTUHUB_TESTS_LINK_TOKENS_H
#define DTUHUB_TESTS_LINK_TOKENS_H

#include "shared/config/link_def.h"

#define TOKEN_OF_BYTES(text)                                                                       \
    .kind = TOKEN_BYTES, .bytes = (uint8_t *)(text), .size = sizeof(text) - 1

#define TOKEN_OF_TEXT(start, of, least, most, tail)                                                \
    .kind = TOKEN_TEXT, .bytes = (uint8_t *)(start), .size = sizeof(start) - 1, .chars = (of),     \
    .min = (least), .max = (most), .end = (uint8_t *)(tail), .end_size = sizeof(tail) - 1

/* LuatOS iRTU: signal 1, IMEI and a 0 in BCD 8, ICCID in BCD 10. */
#define TOKEN_OF_IRTU .kind = TOKEN_STRUCT, .length = 19, .id = {1, 8, SLICE_BCD, 15}

/* Four-Faith PROT: id 4, phone 11, 00, IP 4, 00. */
#define TOKEN_OF_FOURFAITH                                                                         \
    .kind = TOKEN_STRUCT, .length = 21,                                                            \
    .pieces = {{15, 1, (uint8_t *)"\0"}, {20, 1, (uint8_t *)"\0"}}, .npieces = 2,                  \
    .id = {4, 11, SLICE_TEXT}

#define TOKEN_OF_JSON .kind = TOKEN_JSON, .id_key = (char *)"imei"

#endif
