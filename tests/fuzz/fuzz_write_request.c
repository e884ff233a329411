/*
 * The body of POST /write from hostile bytes, and on to the order: what is taken must be whole, and
 * its frame must be one that its own answer fits.
 *
 * The point is made of the first eight bytes; the rest is the body.
 */
#include "collector/write_request.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { HEAD = 8 };

static void check(int holds)
{
    if (!holds)
        abort();
}

static void check_order(const struct write_order *order)
{
    uint8_t frame[ADU_MAX], echo[ADU_MAX];
    struct adu_reply reply;
    size_t len = adu_build(&order->request, order->data, frame);
    check(len <= ADU_MAX && order->size > 0 && order->size <= sizeof(order->data));
    memcpy(echo, frame, 6);
    check(adu_check_reply(&order->request, echo, adu_seal(echo, 6), &reply) == ADU_OK);
    check(write_verified(order, order->data, order->size));
    check(strlen(order->value) < sizeof(order->value));
}

static struct point_def make_point(const uint8_t *head)
{
    static const uint8_t functions[] = {5, 6, 15, 16}, sizes[] = {1, 2, 4, 8};
    static const double scales[] = {1, 0.1, 0.001, -2.5, 1e-9, 3e7, 0.0625, 1e300};
    struct point_def point = {
        .name = (char *)"p",
        .type = {.kind = (enum reg_kind)(head[0] % 6),
                 .order = (enum word_order)(head[0] / 6 % 4),
                 .size = sizes[head[1] % 4],
                 .bit_count = (uint8_t)(head[2] % 32 + 1)},
        .scale = scales[head[3] % 8],
        .offset = (int8_t)head[4],
        .decimals = (int8_t)(head[5] % 11 - 1),
        .address = (uint16_t)(head[6] << 8 | head[7]),
        .slave = 1,
        .writable = true,
        .write_function = functions[head[1] / 4 % 4],
        .min = -INFINITY,
        .max = INFINITY,
    };
    if (point.type.kind == REG_BITS && point.type.size < 4 && point.write_function % 5 != 0)
        point.type.bit_count = (uint8_t)(8 * point.type.size);
    if (point.type.kind != REG_BITS && point.type.size == 1)
        point.type.size = 2;
    if (point.type.kind == REG_FLOAT && point.type.size == 2)
        point.type.size = 4;
    return point;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static struct write_request asked;
    struct write_order order;
    char error[256];
    if (len < HEAD)
        return 0;
    /* Its own copy, so that a byte read behind it is seen. */
    char *body = malloc(len > HEAD ? len - HEAD : 1);
    memcpy(body, data + HEAD, len - HEAD);
    if (write_request_parse(body, len - HEAD, &asked, error, sizeof(error)) != 0) {
        check(error[0] != '\0');
    } else if (asked.registers) {
        const struct write_raw raw = {asked.slave, asked.function, asked.address, asked.values,
                                      asked.count};
        if (write_registers(&raw, &order, error, sizeof(error)) == 0)
            check_order(&order);
    } else {
        struct point_def point = make_point(data);
        double value;
        if (write_point(&point, asked.value, &order, error, sizeof(error)) == 0) {
            check_order(&order);
            write_value(&order, order.data, order.size, &value);
        }
    }
    free(body);
    return 0;
}
