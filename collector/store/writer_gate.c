/* What a writer does at the gate: before it stores the first record of this life. */
#include "collector/store/writer_parts.h"

enum { LOOK_AGAIN_MS = 20 };

enum gate_answer writer_enter(struct writer *writer, struct db_error *error)
{
    if (!writer->arrived) {
        writer->arrived = true;
        gate_arrive(writer->gate, writer->place);
    }
    enum gate_answer answer = gate_try(writer->gate);
    if (answer == GATE_TIDY) {
        bool done = link_tidy_up(&writer->link, error) == 0;
        gate_tidied(writer->gate, done);
        if (done)
            answer = GATE_OPEN;
    }
    writer->tidied = answer == GATE_OPEN;
    return answer;
}

enum gate_answer writer_may_store(struct writer *writer, const struct parcel *parcel,
                                  struct db_error *error)
{
    if (writer->tidied)
        return GATE_OPEN;
    if (!parcel->earlier)
        return writer_enter(writer, error);
    if (writer->arrived) /* the database was replaced meanwhile */
        return GATE_OPEN;
    return gate_may_store(writer->gate, writer->place, parcel->file) ? GATE_OPEN : GATE_SHUT;
}

bool writer_wait_turn(struct writer *writer)
{
    return writer_pause(writer, LOOK_AGAIN_MS);
}

bool writer_wait_claim(struct writer *writer)
{
    bool go_on = true;
    while (go_on && !gate_claimed(writer->gate))
        go_on = writer_pause(writer, LOOK_AGAIN_MS);
    return go_on;
}
