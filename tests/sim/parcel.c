#include "tests/sim/parcel.h"

#include "tests/sim/waveform.h"

#include <string.h>

enum { DEVICE_FAILURE = 0x04, LAST_UNIT = 247, CRC_SIZE = 2 };

/* What the bits of a parcel's chance are for. */
enum purpose { FOR_SEGMENTS = 1, FOR_SPLIT, FOR_NOISE_SIZE, FOR_NOISE };

static uint64_t chance_for(const struct parcel_way *way, enum purpose purpose, uint64_t i)
{
    return waveform_mix(way->chance, (uint64_t)purpose, i);
}

static void begin(const struct parcel_way *way, struct parcel *out)
{
    out->len = 0;
    out->cuts[0] = out->cuts[1] = 0;
    out->heartbeats = 0;
    out->answer = false;
    out->segments = way->segments;
    out->chance = way->segments == SEGMENTS_WHOLE ? 0 : chance_for(way, FOR_SEGMENTS, 0);
}

static void add_heartbeat(const struct parcel_way *way, struct parcel *out)
{
    if (way->family->heartbeat == NULL)
        return;
    out->len = (uint16_t)(out->len + way->family->heartbeat(way->number, out->bytes + out->len));
    out->heartbeats++;
}

void parcel_registration(const struct parcel_way *way, struct parcel *out)
{
    bool before, behind;
    begin(way, out);
    if (way->family->registration == NULL)
        return;
    out->len = (uint16_t)way->family->registration(way->number, out->bytes);
    segments_heartbeats(way->segments, out->chance, &before, &behind);
    if (behind && way->family->ends && !way->family->acknowledged)
        add_heartbeat(way, out);
}

void parcel_heartbeat(const struct parcel_way *way, struct parcel *out)
{
    begin(way, out);
    add_heartbeat(way, out);
}

bool parcel_can(const struct family *family, enum fault_kind fault)
{
    return fault != FAULT_SPLIT_HEARTBEAT || (!family->marked && family->heartbeat != NULL);
}

/* ${frame} of ${len} bytes, spoilt; returns its length then. */
static size_t spoil(uint8_t *frame, size_t len, enum fault_kind fault)
{
    switch (fault) {
    case FAULT_CRC:
        frame[len - 1] ^= 0xFF;
        return len;
    case FAULT_WRONG_SLAVE:
        frame[0] = (uint8_t)(frame[0] % LAST_UNIT + 1);
        return adu_seal(frame, len - CRC_SIZE);
    case FAULT_EXCEPTION:
        return adu_build_exception(frame[0], frame[1] & 0x7F, DEVICE_FAILURE, frame);
    default:
        return len;
    }
}

static void add_noise(const struct parcel_way *way, unsigned side, struct parcel *out)
{
    uint64_t n = 1 + chance_for(way, FOR_NOISE_SIZE, side) % PARCEL_NOISE_MAX;
    for (uint64_t i = 0; i < n; i++)
        out->bytes[out->len++] = (uint8_t)chance_for(way, FOR_NOISE, side * PARCEL_NOISE_MAX + i);
}

/* Put a heartbeat between the two halves of the ${size} bytes at ${at}, which end the parcel. */
static void split(const struct parcel_way *way, size_t at, size_t size, struct parcel *out)
{
    uint8_t rest[FAMILY_ANSWER_MAX];
    size_t first = 1 + chance_for(way, FOR_SPLIT, 0) % (size - 1);
    memcpy(rest, out->bytes + at + first, size - first);
    out->len = (uint16_t)(at + first);
    out->cuts[0] = out->len;
    add_heartbeat(way, out);
    out->cuts[1] = out->len;
    memcpy(out->bytes + out->len, rest, size - first);
    out->len = (uint16_t)(out->len + size - first);
}

void parcel_answer(const struct parcel_way *way, const struct parcel_answer *answer,
                   struct parcel *out)
{
    bool before, behind;
    uint8_t frame[ADU_MAX];
    uint16_t transaction = answer->transaction;
    begin(way, out);
    out->answer = true;
    memcpy(frame, answer->frame, answer->len);
    size_t len = spoil(frame, answer->len, answer->fault);
    if (answer->fault == FAULT_CRC)
        transaction ^= 0x8000;

    segments_heartbeats(way->segments, out->chance, &before, &behind);
    if (before)
        add_heartbeat(way, out);
    unsigned sides = 1 + (unsigned)(chance_for(way, FOR_NOISE_SIZE, 2) % 3); /* 1, 2 or both */
    if (answer->fault == FAULT_NOISE && (sides & 1) != 0)
        add_noise(way, 0, out);
    size_t at = out->len;
    size_t size = way->family->wrap(way->number, frame, len, transaction, out->bytes + at);
    out->len = (uint16_t)(at + size);
    if (answer->fault == FAULT_SPLIT_HEARTBEAT)
        split(way, at, size, out);
    if (answer->fault == FAULT_NOISE && (sides & 2) != 0)
        add_noise(way, 1, out);
    if (behind)
        add_heartbeat(way, out);
}
