/*
 * The gate: nothing of one life of the collector is stored before all that the lives before it left
 * is, by any stream. So the records of a device keep their order where another number of streams
 * brings it to another writer.
 *
 * Where there are several streams, each life begins a new file in each journal, with a number
 * higher than all there are. So what is in a file waits until no stream has anything left in files
 * of lower numbers; writers in files of one number go on side by side. A writer arrives once it has
 * stored all that was left in its journal. When all have arrived, one of them tidies up in the
 * database, and the gate is open for good. A writer does not wait inside: it looks again, and is
 * free to end.
 *
 * Before that, the writer of stream 0 claims the collector's name in the database; the others write
 * nothing until it did. Locked inside: any thread.
 */
#ifndef DTUHUB_COLLECTOR_STORE_GATE_H
#define DTUHUB_COLLECTOR_STORE_GATE_H

#include <stdbool.h>

struct gate;

enum gate_answer {
    GATE_SHUT, /* not yet */
    GATE_TIDY, /* the caller is to tidy up, and to say how that went */
    GATE_OPEN,
};

/** gate_new(writers): for so many; each has a place, from 0. */
struct gate *gate_new(unsigned writers);
void gate_free(struct gate *gate);

/** gate_claim(gate): the name is ours. gate_claimed(gate): whether it is. */
void gate_claim(struct gate *gate);
bool gate_claimed(struct gate *gate);

/** gate_may_store(gate, place, file): the writer's next record is one that was left in the file of
 * that number: whether it may be stored by now. */
bool gate_may_store(struct gate *gate, unsigned place, unsigned file);

/** gate_arrive(gate, place): the writer has stored all that was left. */
void gate_arrive(struct gate *gate, unsigned place);

/** gate_try(gate): may the caller, who has arrived, go through? */
enum gate_answer gate_try(struct gate *gate);

/** gate_tidied(gate, done): after GATE_TIDY: it is done, or did not work and is anyone's again. */
void gate_tidied(struct gate *gate, bool done);

#endif
