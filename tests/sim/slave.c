#include "tests/sim/slave.h"

#include "shared/base/alloc.h"

#include <stdlib.h>
#include <string.h>

enum {
    ILLEGAL_FUNCTION = 0x01,
    ILLEGAL_ADDRESS = 0x02,
    ILLEGAL_VALUE = 0x03,
    TARGET_FAILED = 0x0B,
    ADDRESSES = 0x10000,
    /* Registers of the longest point: so far before a range one may begin that reaches into it. */
    MARGIN = REG_STRING_MAX / 2,
    MARGIN_SIZE = 2 * MARGIN,
    IMAGE_SIZE = MARGIN_SIZE + 2 * ADU_MAX_REGISTERS + MARGIN_SIZE,
};

struct slave {
    const struct profile *profile;
    struct waveform *waveforms; /* one a point of the profile, in its order */
    uint8_t unit;
    enum slave_absent absent;
};

struct slave *slave_new(const struct profile *profile, uint8_t unit, enum slave_absent absent)
{
    struct slave *slave = xcalloc(1, sizeof(*slave));
    struct waveform *waveforms = xcalloc(profile->npoints + 1, sizeof(*waveforms));
    *slave =
        (struct slave){.profile = profile, .waveforms = waveforms, .unit = unit, .absent = absent};
    for (size_t i = 0; i < profile->npoints; i++)
        waveforms[i] = waveform_for(profile->points[i].name);
    return slave;
}

void slave_free(struct slave *slave)
{
    if (slave == NULL)
        return;
    free(slave->waveforms);
    free(slave);
}

size_t slave_first_point(const struct profile *profile, uint32_t address)
{
    size_t low = 0, high = profile->npoints;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (profile->points[middle].address < address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/*
 * Registers of ${request}, with a margin on both sides: points are encoded whole, so half a point
 * at an edge has the bytes it would have in the middle. Where points lie on one another the later
 * one wins, except that bits leave the other bits as they are.
 */
static void fill(const struct slave *slave, const struct adu_request *request,
                 const struct waveform_moment *moment, uint8_t image[IMAGE_SIZE])
{
    const struct profile *profile = slave->profile;
    uint32_t start = request->start, end = start + request->count;
    memset(image, 0, IMAGE_SIZE);
    size_t i = slave_first_point(profile, start > MARGIN ? start - MARGIN : 0);
    for (; i < profile->npoints && profile->points[i].address < end; i++) {
        const struct point_def *point = &profile->points[i];
        double number = waveform_number(&slave->waveforms[i], point, moment);
        reg_encode(&point->type, number, image + 2 * (point->address + MARGIN - start));
    }
}

static void refuse(struct slave_answer *out, uint8_t code)
{
    out->kind = SLAVE_EXCEPTION;
    out->code = code;
    out->len = adu_build_exception(out->request.unit, out->request.function, code, out->frame);
}

void slave_serve(const struct slave *slave, const uint8_t *query, size_t len,
                 const struct waveform_moment *moment, struct slave_answer *out)
{
    out->kind = SLAVE_SILENT;
    out->len = 0;
    if (len < 4 || !adu_crc_ok(query, len) || query[0] == 0)
        return;
    out->request = (struct adu_request){.unit = query[0], .function = query[1]};
    int is_read = adu_parse_read(query, len, &out->request) == 0;
    const struct adu_request *request = &out->request;

    if (request->unit != slave->unit) {
        if (slave->absent == SLAVE_ABSENT_EXCEPTION)
            refuse(out, TARGET_FAILED);
        return;
    }
    if (!is_read || (request->function != FC_READ_HOLDING_REGISTERS &&
                     request->function != FC_READ_INPUT_REGISTERS)) {
        refuse(out, ILLEGAL_FUNCTION);
    } else if (request->count == 0 || request->count > ADU_MAX_REGISTERS) {
        refuse(out, ILLEGAL_VALUE);
    } else if ((uint32_t)request->start + request->count > ADDRESSES) {
        refuse(out, ILLEGAL_ADDRESS);
    } else {
        uint8_t image[IMAGE_SIZE];
        fill(slave, request, moment, image);
        out->kind = SLAVE_REGISTERS;
        out->len = adu_build_reply(request, image + MARGIN_SIZE, out->frame);
    }
}
