#include "tests/sim/memory.h"

#include "shared/base/alloc.h"

#include <stdlib.h>
#include <string.h>

static uint32_t key_of(struct memory_place place)
{
    return (uint32_t)place.unit << 17 | (uint32_t)place.space << 16 | place.address;
}

/* The first cell at ${key} or behind it. */
static size_t find(const struct memory *memory, uint32_t key)
{
    size_t low = 0, high = memory->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (memory->cells[middle].key < key)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void make_room(struct memory *memory)
{
    if (memory->n < memory->room)
        return;
    size_t room = memory->room > 0 ? 2 * memory->room : 16;
    struct memory_cell *cells = xcalloc(room, sizeof(*cells));
    if (memory->n > 0)
        memcpy(cells, memory->cells, memory->n * sizeof(*cells));
    free(memory->cells);
    memory->cells = cells;
    memory->room = room;
}

void memory_write(struct memory *memory, struct memory_place place, uint16_t value)
{
    uint32_t key = key_of(place);
    size_t i = find(memory, key);
    if (i == memory->n || memory->cells[i].key != key) {
        make_room(memory);
        memmove(memory->cells + i + 1, memory->cells + i, (memory->n - i) * sizeof(*memory->cells));
        memory->n++;
    }
    memory->cells[i] = (struct memory_cell){.key = key, .value = value};
}

static void put(enum memory_space space, uint32_t i, uint16_t value, uint8_t *data)
{
    if (space == MEMORY_REGISTERS) {
        data[2 * i] = (uint8_t)(value >> 8);
        data[2 * i + 1] = (uint8_t)value;
    } else {
        unsigned bit = 1U << i % 8;
        data[i / 8] = (uint8_t)((data[i / 8] & ~bit) | (value != 0 ? bit : 0));
    }
}

void memory_overlay(const struct memory *memory, struct memory_place first, uint32_t count,
                    uint8_t *data)
{
    uint32_t begin = key_of(first);
    for (size_t i = find(memory, begin); i < memory->n; i++) {
        uint32_t at = memory->cells[i].key - begin;
        if (at >= count)
            break;
        put(first.space, at, memory->cells[i].value, data);
    }
}

void memory_clear(struct memory *memory)
{
    free(memory->cells);
    *memory = (struct memory){0};
}
