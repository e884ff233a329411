#include "collector/store/gate.h"

#include "shared/base/alloc.h"

#include <limits.h>
#include <pthread.h>
#include <stdlib.h>

struct gate {
    pthread_mutex_t lock;
    bool claimed, tidying, open;
    unsigned writers;
    unsigned at[]; /* the file that each is in; 0: not known yet */
};

#define ARRIVED UINT_MAX

struct gate *gate_new(unsigned writers)
{
    struct gate *gate = xcalloc(1, sizeof(*gate) + writers * sizeof(*gate->at));
    pthread_mutex_init(&gate->lock, NULL);
    gate->writers = writers;
    return gate;
}

void gate_free(struct gate *gate)
{
    if (gate == NULL)
        return;
    pthread_mutex_destroy(&gate->lock);
    free(gate);
}

void gate_claim(struct gate *gate)
{
    pthread_mutex_lock(&gate->lock);
    gate->claimed = true;
    pthread_mutex_unlock(&gate->lock);
}

bool gate_claimed(struct gate *gate)
{
    pthread_mutex_lock(&gate->lock);
    bool claimed = gate->claimed;
    pthread_mutex_unlock(&gate->lock);
    return claimed;
}

/* Whether no writer is in a file before ${file}; lock held. */
static bool all_reached(const struct gate *gate, unsigned file)
{
    for (unsigned i = 0; i < gate->writers; i++) {
        if (gate->at[i] < file)
            return false;
    }
    return true;
}

bool gate_may_store(struct gate *gate, unsigned place, unsigned file)
{
    pthread_mutex_lock(&gate->lock);
    gate->at[place] = file;
    bool may = all_reached(gate, file);
    pthread_mutex_unlock(&gate->lock);
    return may;
}

void gate_arrive(struct gate *gate, unsigned place)
{
    pthread_mutex_lock(&gate->lock);
    gate->at[place] = ARRIVED;
    pthread_mutex_unlock(&gate->lock);
}

enum gate_answer gate_try(struct gate *gate)
{
    enum gate_answer answer = GATE_SHUT;
    pthread_mutex_lock(&gate->lock);
    if (gate->open) {
        answer = GATE_OPEN;
    } else if (!gate->tidying && all_reached(gate, ARRIVED)) {
        gate->tidying = true;
        answer = GATE_TIDY;
    }
    pthread_mutex_unlock(&gate->lock);
    return answer;
}

void gate_tidied(struct gate *gate, bool done)
{
    pthread_mutex_lock(&gate->lock);
    gate->tidying = false;
    gate->open = done;
    pthread_mutex_unlock(&gate->lock);
}
