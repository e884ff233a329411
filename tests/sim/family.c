#include "tests/sim/family.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct family *const families[] = {
    &family_tlv,       &family_usr,      &family_usr_every, &family_hiflying,   &family_irtu,
    &family_irtu_imei, &family_irtu_bin, &family_irtu_hex,  &family_ebyte,      &family_ebyte_mbap,
    &family_waveshare, &family_ddp,      &family_ddp_udp,   &family_four_faith, &family_alotcer,
    &family_tlink,     &family_digits,   &family_none,      &family_mbap,
};

const struct family *family_at(size_t i)
{
    return i < sizeof(families) / sizeof(*families) ? families[i] : NULL;
}

const struct family *family_by_name(const char *name)
{
    const struct family *family;
    for (size_t i = 0; (family = family_at(i)) != NULL; i++)
        if (strcmp(family->name, name) == 0)
            break;
    return family;
}

/* Of a function whose length is not known: as far as a right CRC. */
static ssize_t odd_query_size(const uint8_t *bytes, size_t len)
{
    for (size_t size = 4; size <= len && size <= ADU_MAX; size++)
        if (adu_crc_ok(bytes, size))
            return (ssize_t)size;
    return -1;
}

ssize_t family_query_size(const uint8_t *bytes, size_t len)
{
    enum { SEVERAL_HEAD = 7, CRC = 2 };
    size_t size = ADU_READ_REQUEST_SIZE;
    if (len < 2)
        return 0;
    if (bytes[1] == FC_WRITE_COILS || bytes[1] == FC_WRITE_REGISTERS) {
        if (len < SEVERAL_HEAD)
            return 0;
        size = SEVERAL_HEAD + (size_t)bytes[6] + CRC;
    } else if (bytes[1] < FC_READ_COILS || bytes[1] > FC_WRITE_REGISTER) {
        return odd_query_size(bytes, len);
    }
    if (size > ADU_MAX)
        return -1;
    if (len < size)
        return 0;
    return adu_crc_ok(bytes, size) ? (ssize_t)size : -1;
}

void family_query(const uint8_t *adu, size_t len, size_t size, struct family_item *item)
{
    item->kind = ITEM_QUERY;
    item->size = size;
    item->transaction = 0;
    item->adu_len = len;
    memcpy(item->adu, adu, len);
}

void family_next_rtu(uint32_t number, const uint8_t *bytes, size_t len, struct family_item *item)
{
    (void)number;
    ssize_t size = family_query_size(bytes, len);
    if (size > 0) {
        family_query(bytes, (size_t)size, (size_t)size, item);
    } else {
        item->kind = size == 0 ? ITEM_MORE : ITEM_NOISE;
        item->size = size == 0 ? 0 : 1;
    }
}

size_t family_wrap_rtu(uint32_t number, const uint8_t *adu, size_t len, uint16_t transaction,
                       uint8_t out[FAMILY_ANSWER_MAX])
{
    (void)number, (void)transaction;
    memcpy(out, adu, len);
    return len;
}

size_t family_put(const char *text, uint8_t *out)
{
    size_t len = strlen(text);
    memcpy(out, text, len);
    return len;
}

size_t family_beat_ping(uint32_t number, uint8_t out[FAMILY_PACKET_MAX])
{
    (void)number;
    return family_put("ping", out);
}

void family_id_decimal(uint32_t number, char out[FAMILY_ID_SIZE])
{
    snprintf(out, FAMILY_ID_SIZE, "%" PRIu32, number);
}

void family_id_imei(uint32_t number, char out[FAMILY_ID_SIZE])
{
    snprintf(out, FAMILY_ID_SIZE, "86%013" PRIu32, number);
}

void family_id_phone(uint32_t number, char out[FAMILY_ID_SIZE])
{
    snprintf(out, FAMILY_ID_SIZE, "1%010" PRIu32, number);
}
