/*
 * What was written into the slaves behind one DTU: registers and coils by unit id. A zeroed memory
 * is an empty one. It belongs to the thread that uses it.
 */
#ifndef DTUHUB_SIM_MEMORY_H
#define DTUHUB_SIM_MEMORY_H

#include <stddef.h>
#include <stdint.h>

enum memory_space { MEMORY_REGISTERS, MEMORY_COILS };

/** A place in it. */
struct memory_place {
    uint8_t unit;
    enum memory_space space;
    uint16_t address;
};

struct memory_cell {
    uint32_t key;
    uint16_t value;
};

struct memory {
    struct memory_cell *cells; /* by key */
    size_t n, room;
};

/** memory_write(memory, place, value): keep ${value}; a coil's is 0 or 1. Ends the program where
 * there is no room. */
void memory_write(struct memory *memory, struct memory_place place, uint16_t value);

/**
 * memory_overlay(memory, first, count, data): lay what was written over ${data}: ${count}
 * registers, big-endian, or bits, eight to a byte, from the place ${first} on. What was not written
 * stays as it is.
 */
void memory_overlay(const struct memory *memory, struct memory_place first, uint32_t count,
                    uint8_t *data);

/** memory_clear(memory): forget all and free it. */
void memory_clear(struct memory *memory);

#endif
